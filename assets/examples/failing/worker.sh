#!/bin/sh
# A worker that does what its index says: 1 exits with status 3, 2 never ends, all others finish well.
name=$1
index=$2

echo "$name: step 1 of 2"
case $index in
  1)
    echo "$name: cannot read input.dat: no such file" >&2
    exit 3
    ;;
  2)
    echo "$name: waiting for an answer that never comes"
    while :; do sleep 1; done
    ;;
esac
echo "$name: step 2 of 2"
