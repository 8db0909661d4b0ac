#!/bin/sh
# One part of the crawl, by its name: list (seeds), join and crawl (crawlers), collect (seeds); a host's index sets its pace.
part=$1
name=$2
index=$3

case $part in
  list)
    echo "400 pages are to be crawled"
    sleep 1
    ;;
  join)
    sleep "$((index % 3 + 1))"
    echo "joined as crawler $index"
    ;;
  crawl)
    page=1
    while [ "$page" -le 40 ]; do
      echo "fetched page $page of 40"
      [ "$((page % 13))" -eq 0 ] && echo "page $page: 3 redirects" >&2
      [ "$((index % 2))" -eq 0 ] && sleep 0.5 || sleep 0.8
      page=$((page + 1))
    done
    ;;
  collect)
    echo "$name waits for what the crawlers find"
    sleep 15
    echo "collected"
    ;;
esac
