// The shell text that ends all processes with a mark: for the keeper, which outlives the client, and for sudo.

/**
 * POSIX sh. Expects $token and $grace (seconds), gives `sweep`: TERM, the grace, KILL, until no process that carries
 * the token's mark in its environment is left (at most ten rounds). Besides them only members of their process groups
 * are ended: the client makes a session of its own for each process, so these are descendants that have cleared their
 * environment. Finds what process-table.ts says can be found. One grep looks at all processes.
 */
export const SWEEP_SCRIPT = `
find_marked() {
  if [ -r /proc/self/environ ]; then
    for file in $(grep -lsF "PLUSH_PROCESS=$token." /proc/[0-9]*/environ 2>/dev/null); do
      file=\${file#/proc/}
      echo "\${file%/environ}"
    done
  else
    ps -axEww -o pid=,command= 2>/dev/null | while read -r pid rest; do
      case $rest in *"PLUSH_PROCESS=$token."*) echo "$pid" ;; esac
    done
  fi
}
group_of() {
  if [ -r /proc/self/stat ]; then
    { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 0
    set -- \${stat##*) }
    echo "$3"
  else
    ps -o pgid= -p "$1" 2>/dev/null
  fi
}
signal_marked() {
  for pid in $pids; do
    group=$(group_of "$pid")
    case $group in ''|0|1) ;; *) kill -s "$1" -- "-$group" 2>/dev/null ;; esac
    kill -s "$1" "$pid" 2>/dev/null
  done
}
short_pause() { sleep 0.2 2>/dev/null || sleep 1; }
sweep() {
  pids=$(find_marked)
  [ -n "$pids" ] || return 0
  signal_marked TERM
  signal_marked CONT
  polls=$((grace * 5))
  while [ "$polls" -gt 0 ]; do
    short_pause
    pids=$(find_marked)
    [ -n "$pids" ] || return 0
    polls=$((polls - 1))
  done
  rounds=10
  while [ "$rounds" -gt 0 ]; do
    signal_marked KILL
    short_pause
    pids=$(find_marked)
    [ -n "$pids" ] || return 0
    rounds=$((rounds - 1))
  done
  return 1
}
`;
