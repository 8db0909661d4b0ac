// What runs on a host before the client does: a shell script that answers a controller line by line.
//
// The command that the login shell gets must mean the same in sh, csh, tcsh, fish and zsh, so it is short and has
// neither newline nor ! nor \ nor a quote inside of its quotes; the script itself comes on standard input, behind a
// line that tells how long it is. One login shell a host: start-up files may be slow.
//
// Starting a program costs a host 0.6 to 1 ms of processor time, a subshell a quarter of that, and reading a line as
// much for each kilobyte, since a shell takes it byte by byte: so what the shell can do by itself, it does.
import { CLIENT_MARK } from "#shared/protocol/client-start.ts";
import { BOOT_PROGRAM } from "./boot-program.ts";
import { CLIENT_NODE_FLAGS } from "./client-bundle.ts";

/** Replaces the login shell, whichever it is, by one that reads its script. */
export const REMOTE_SHELL_COMMAND = `exec /bin/sh -c 'IFS= read -r nebula && eval "$nebula"'`;

/** Room for the client, its log and its first output; software comes on top, and says so itself. */
const FREE_KILOBYTES_MIN = 16_384;
/** A keeper's grace between TERM and KILL is 3 s; then it sweeps again and removes the directory. */
const KEEPER_SECONDS = 15;

/**
 * Commands, each with its arguments on lines of their own; every answer ends with `done` or `failed WORDS`.
 *
 *   probe NAME HASH MAJOR MINOR KILOBYTES
 *                            what the host is; chooses the base directory and reserves NAME in it. A host without
 *                            Node of that version or later has room for one of so many kilobytes, or it is not fit
 *   use BASE NAME            the same directories again, over another connection
 *   upload SIZE              then SIZE bytes: the client's bundle, packed; whoever starts it checks and unpacks it
 *   start NODE HASH CODE CODE_HASH SIZE
 *                            then SIZE bytes: what the client reads from its standard input
 *   follow PID               says `ended` when a client that was started over another connection has ended
 *   end PID                  by force
 *   learn TEXT               more of these, as one line for printf %b
 *   clean KEEP               removes the host directory, and what is ours alone unless KEEP is `keep`
 *
 * Whoever watches the client says `ended STATUS WORDS`; what the client itself says on its standard output comes
 * between, `started PID` first. When the connection ends before a client is started, or the client after it, nobody else
 * can tidy up: the script does.
 */
const SCRIPT = `
umask 077
mark='${CLIENT_MARK}' watcher= client= base= name= made= held= room=0 sent=
unset SSH_ORIGINAL_COMMAND
say() { printf '%s %s\\n' "$mark" "$*"; }
flat() { printf '%s' "$1" | tr '\\n' ' '; }
# One that has ended counts as gone, even where nobody takes notice of its end (the first process of a container).
alive() { kill -0 "$1" 2>/dev/null && { ! [ -d /proc/self/fd ] || [ -e "/proc/$1/fd/1" ]; }; }
failed() { say failed "$(flat "$1")"; }

fits() {
  if [ -L "$1" ]; then why='is a symbolic link'; return 1; fi
  [ -d "$1" ] && old=1 || old=
  why=$(LC_ALL=C mkdir -p "$1/hosts/$name" 2>&1) || return 1
  if ! [ -O "$1" ]; then why='belongs to somebody else'; return 1; fi
  if [ -n "$old" ]; then why=$(LC_ALL=C chmod 700 "$1" 2>&1) || return 1; fi
  # Later the client's complaints are in it.
  try=$1/.$name.errors code='#!/bin/sh\\nexit 0\\n' fit=0
  # Once more for the words, where it does not work: a shell does not say why it could not write.
  if ! { printf "$code" >"$try" && chmod 700 "$try" && "$try"; } 2>/dev/null; then
    why=$(printf "$code" | LC_ALL=C tee "$try" 2>&1 >/dev/null && chmod 700 "$try" 2>&1 && "$try" 2>&1)
    fit=$?
  fi
  if [ $fit != 0 ]; then return 1; fi
  free=$(LC_ALL=C df -Pk "$1" 2>/dev/null)
  directory=$1
  # Its last line; the fourth word of that.
  set -- \${free##*
}
  free=\${4:-}
  case $free in ''|*[!0-9]*) return 0 ;; esac
  needed=${String(FREE_KILOBYTES_MIN)}
  has_runtime "$directory" || needed=$((needed + room))
  why="No space left: $free kB are free, $needed are needed"
  [ $room = 0 ] || why="$why (Node included)"
  [ "$free" -ge "$needed" ]
}
has_runtime() {
  for runtime in "$1"/node-*; do [ -x "$runtime" ] && return; done
  return 1
}

choose_base() {
  [ -d "$HOME/.cache" ] || made=$HOME/.cache
  choose_from "$HOME/.cache/nebula" && return
  uid=$(id -u)
  choose_from "/var/tmp/nebula-$uid" "/tmp/nebula-$uid"
}
choose_from() {
  for candidate; do
    existed=; [ -d "$candidate" ] && existed=1
    if fits "$candidate"; then base=$candidate; say base "$base"; say free "$free"; return; fi
    say unfit "$candidate: $(flat "$why")"
    if ! [ -L "$candidate" ]; then
      rm -f "$candidate/.$name.errors"
      rmdir "$candidate/hosts/$name" 2>/dev/null
      [ -n "$existed" ] || rmdir "$candidate/hosts" "$candidate" 2>/dev/null
    fi
    if [ -n "$made" ]; then rmdir "$made" 2>/dev/null; made=; fi
  done
  return 1
}

# Like command -v, in this shell.
in_path() {
  found= rest=$PATH:
  while [ -n "$rest" ]; do
    found=\${rest%%:*}/$1 rest=\${rest#*:}
    [ -f "$found" ] && [ -x "$found" ] && return
  done
  return 1
}
is_node() {
  [ -x "$1" ] && version=$("$1" --version 2>&1 </dev/null) && say node "$version $1" && enough "$version"
}
find_node() {
  in_path node && is_node "$found" && return
  in_path nodejs && is_node "$found" && return
  for node in /usr/local/bin/node /opt/homebrew/bin/node "$HOME"/.nvm/versions/node/*/bin/node \\
    "$HOME"/.volta/bin/node "$HOME"/.local/bin/node /opt/node*/bin/node; do
    is_node "$node" && return
  done
  return 1
}
enough() {
  major=\${1#v}; minor=\${major#*.}; major=\${major%%.*}; minor=\${minor%%.*}
  case $major$minor in ''|*[!0-9]*) return 1 ;; esac
  [ "$major" -gt "$node_major" ] || { [ "$major" = "$node_major" ] && [ "$minor" -ge "$node_minor" ]; }
}

probe() {
  say seen "\${SSH_CONNECTION:-}"
  # One that is a program of its own is not found then.
  PATH=/nonexistent printf '' 2>/dev/null || say unfit-shell
  libc=; for file in /lib/ld-musl-*; do [ -e "$file" ] && libc=musl; done
  find_node && lacking= || lacking=1
  # A test wants to know all; a client says the rest by itself.
  system=; [ -z "$lacking" ] && [ "$1" != none ] && [ -r /proc/sys/kernel/ostype ] && read -r system </proc/sys/kernel/ostype
  [ -n "$system" ] || system=$(uname -sm)
  say system "$system"
  # Where both are, glibc is the system's and musl a package.
  if [ -n "$lacking$libc" ]; then libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || printf %s "$libc"); fi
  say libc "$libc"
  case $lacking$system-$libc in 1Linux*-glibc*) room=$2 ;; esac
  choose_base
  if [ -n "$base" ]; then
    [ -f "$base/client-$1.cjs.br" ] && say bundle
    for runtime in "$base"/node-*; do [ -x "$runtime" ] && say runtime "\${runtime##*/node-}"; done
  fi
  in_path gunzip && say gunzip
  say done
}

digest() {
  if command -v sha256sum >/dev/null; then sha256sum; elif command -v shasum >/dev/null; then shasum -a 256
  else openssl dgst -sha256 -r; fi 2>/dev/null <"$1"
}

upload() {
  sent=$base/.client-$$
  why=$(LC_ALL=C head -c "$1" <&3 2>&1 >"$sent") && { say done; return; }
  rm -f "$sent"
  failed "$why"
  leave
}

watch() {
  trap '' TERM HUP
  if command -v setsid >/dev/null; then set -- setsid "$@"; fi
  printf %s "$start" | ( exec 2>"$errors" 3<&-; cd "$base" && exec "$@" )
  status=$? said=
  [ -s "$errors" ] && said=$(tail -c 2000 "$errors")
  rm -f "$errors" "\${sent:-$errors}"
  if alive $$; then say ended "$status\${said:+ $(flat "$said")}"; else tidy_after; fi
}
# The keeper removes what is in it; where no client has come so far, nothing is.
tidy_after() {
  seconds=0
  while [ -d "$base/hosts/$name" ] && [ $seconds -lt ${String(KEEPER_SECONDS)} ]; do
    rmdir "$base/hosts/$name" 2>/dev/null || { sleep 1; seconds=$((seconds + 1)); }
  done
  tidy
}
start() {
  errors=$base/.$name.errors
  start=$(head -c "$5" <&3)
  flags='${CLIENT_NODE_FLAGS.join(" ")}'
  # Node ends when it is told of two sources of authorities; the host's owner was first.
  case \${NODE_OPTIONS:-} in *-ca*) flags= ;; esac
  watch "$1" $flags -e '${BOOT_PROGRAM}' plush-client "$sent" "$base/client-$2.cjs.br" "$2" "$3" "$4" </dev/null &
  watcher=$! client=1
  start=
  say done
}

follow() {
  { while alive "$1"; do sleep 1; done; say ended; } </dev/null &
  watcher=$!
  say done
}

end() {
  case $(ps -p "$1" -o args= 2>/dev/null || tr '\\0' ' ' <"/proc/$1/cmdline") in
    *plush-client*) kill -KILL "$1" ;;
  esac 2>/dev/null
  say done
}

clean() {
  directory=$base/hosts/$name round=0 why=
  while [ -e "$directory" ] && [ $round -lt 10 ]; do
    [ $round -gt 2 ] && sleep 1
    why=$(LC_ALL=C rm -rf "$directory" 2>&1)
    round=$((round + 1))
  done
  [ "$1" = keep ] || tidy
  base=
  if [ -e "$directory" ]; then failed "$why"; else say done; fi
}
tidy() {
  [ -e "$base/.$name.errors" ] && rm -f "$base/.$name.errors"
  [ -d "$base/hosts/$name" ] && rmdir "$base/hosts/$name" 2>/dev/null
  for other in "$base"/hosts/*; do [ -e "$other" ] && return; done
  rm -f "$base"/client-* "$base"/.client-* "$base"/node-* "$base"/.node-*
  # In this order: one that is not empty stays, and those around it.
  rmdir "$base/hosts" "$base" \${made:+"$made"} 2>/dev/null
}
leave() {
  trap '' TERM HUP PIPE
  [ -z "$held" ] || rm -f "$held.lock" "$held.part"
  # Not left to the watcher: it may have found this shell alive a moment ago, and then it tidies up nothing.
  if [ -n "$client" ]; then wait "$watcher"; fi
  if [ -n "$base" ]; then
    if [ -n "$client" ]; then tidy_after
    elif ! { [ -n "$watcher" ] && alive "$watcher"; }; then tidy; fi
  fi
  exit 0
}

# Also when nobody listens any more: words that cannot be said must not keep it from tidying up.
trap leave TERM HUP PIPE
exec 3<&0
word() { IFS= read -r "$1" || leave; }
while IFS= read -r order; do
  case $order in
    probe) word name; word hash; word node_major; word node_minor; word room_kb
      probe "$hash" "$room_kb" ;;
    use) word base; word name; say done ;;
    upload) word size; upload "$size" ;;
    start) word node; word hash; word code; word code_hash; word size
      start "$node" "$hash" "$code" "$code_hash" "$size" ;;
    follow) word pid; follow "$pid" ;;
    end) word pid; end "$pid" ;;
    clean) word keep; clean "$keep" ;;
    learn) word text; eval "$(printf %b "$text")"; say done ;;
    do_*) "$order" ;;
  esac
done
leave
`;

/** What the remote shell reads first; neither comments nor indentation are of any use there. */
export function remoteScript(): string {
  const script = SCRIPT.replaceAll(/^\s*#.*\n|^\s+/gmu, "");
  return `eval "$(head -c ${String(script.length)})"\n${script}`;
}

/** What `learn` takes: commands that few hosts need, each a function `do_NAME` that reads its own arguments. */
export function oneLine(script: string): string {
  return script.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
