// What a host's shell learns when it has no Node: takes one from the controller, once for all clients of its user.

/**
 * A waiting host looks every second. Whoever sends has stopped when what has arrived does not grow for so long: longer
 * than the controller waits for a line that does not move.
 */
const STALLED_SECONDS = 150;

/**
 *   do_runtime HASH                `runtime PATH`, or `runtime send`: then this client's is the one to bring it
 *   do_receive HASH SIZE PACKING   then SIZE bytes; `runtime PATH`
 *
 * The lock is a symbolic link to HOST:PID, since homes may be shared between hosts.
 */
export const RUNTIME_SCRIPT = `
do_runtime() {
  word hash
  file=$base/node-$hash lock=$base/.node-$hash.lock part=$base/.node-$hash.part still=0 missed=0 before=
  until [ -x "$file" ]; do
    why=$(LC_ALL=C ln -s "$(uname -n):$$" "$lock" 2>&1) && {
      held=\${lock%.lock}; say runtime send; say done; return; }
    holder=$(readlink "$lock") || {
      missed=$((missed + 1)); [ $missed -lt 5 ] && continue; failed "$why"; leave; }
    alive "$PPID" || leave
    case $holder in
      "$(uname -n)":*) alive "\${holder##*:}" || { rm -f "$lock"; continue; } ;;
    esac
    size=$(ls -ln "$part" 2>/dev/null)
    if [ "$size" = "$before" ]; then still=$((still + 1)); else still=0; fi
    before=$size
    if [ $still -ge ${String(STALLED_SECONDS)} ]; then rm -f "$lock"; still=0; continue; fi
    sleep 1
  done
  say runtime "$file"
  say done
}

do_receive() {
  word hash; word size; word packing
  file=$base/node-$hash part=$held.part unpack=cat
  [ "$packing" = gzip ] && unpack='gunzip -c'
  why=$(head -c "$size" <&3 | { LC_ALL=C $unpack | LC_ALL=C tee "$part" >/dev/null; } 2>&1)
  case $(digest "$part" 2>/dev/null) in
    "$hash"*)
      why=$(LC_ALL=C chmod 700 "$part" 2>&1 && LC_ALL=C "$part" --version 2>&1 </dev/null) ||
        why=\${why:-it ends with status $?}
      case $why in
        v[0-9]*) why=$(LC_ALL=C mv -f "$part" "$file" 2>&1) && {
            rm -f "$held.lock"; held=; say runtime "$file"; say done; return; } ;;
        *) why="it does not run there: $why" ;;
      esac ;;
    *) why=\${why:-what arrived is not what was sent} ;;
  esac
  failed "$why"
  leave
}
`;
