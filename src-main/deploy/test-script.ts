// What a host's shell learns for a test: may it become another user, does it reach the controller, is a port free.

/** A connection takes a round trip or two; a firewall that swallows packets is not waited for. */
const DIAL_SECONDS = 4;

/**
 * What Node does there: arguments are the port that the client would listen on (0: any) and pairs of host and port of
 * the controller. Without newlines and quotes, since it is one word of a shell's line.
 */
const PROGRAM = `
const net = require("node:net");
const [port, ...pairs] = process.argv.slice(1);
const say = (word, text) => console.log(word + " " + text);
const listen = (after) => {
  const server = net.createServer();
  server.once("error", (error) => { say("listen", error.code); after(); });
  server.listen(Number(port), () => { say("listen", "free"); server.close(after); });
};
const dial = (left, seen) => {
  if (left.length === 0) return say("dial", "failed " + seen.join(", "));
  const [host, number, ...rest] = left;
  const socket = net.connect({ host, port: Number(number) });
  const next = (why) => { socket.destroy(); dial(rest, [...seen, host + ":" + number + " " + why]); };
  socket.setTimeout(${String(DIAL_SECONDS)}000, () => next("no answer"));
  socket.once("connect", () => { socket.destroy(); say("dial", "reached " + host + ":" + number); });
  socket.once("error", (error) => next(error.code));
};
listen(() => { if (pairs.length > 0) dial(pairs, []); });
`;

/**
 *   do_clock                     \`clock SECONDS\`
 *   do_sudo USER                 \`sudo ok\`, or \`sudo WORDS\`; whose password it would be: \`account NAME\`
 *   do_sudo_by USER SIZE         then SIZE bytes: the password and a newline
 *   do_ports NODE ARGUMENTS      what PROGRAM prints
 */
export const TEST_SCRIPT = `
do_clock() { say clock "$(date +%s)"; say done; }
do_sudo() {
  word user
  if [ "$(id -un)" = "$user" ]; then why=; elif [ "$(id -u)" = 0 ]; then why=$(id "$user" 2>&1 >/dev/null)
  else why=$(LC_ALL=C sudo -n -k -u "$user" -- /bin/sh -c : 2>&1 </dev/null); fi && { say sudo ok; say done; return; }
  say account "$(id -un)"
  say sudo "$(flat "$why")"
  say done
}
do_sudo_by() {
  word user; word size
  why=$(head -c "$size" <&3 | LC_ALL=C sudo -k -S -p '' -u "$user" -- /bin/sh -c : 2>&1) && { say sudo ok; say done; return; }
  say account "$(id -un)"
  say sudo "$(flat "$why")"
  say done
}
do_ports() {
  word node; word arguments
  "$node" -e '${PROGRAM.replaceAll("\n", " ")}' $arguments 2>&1 </dev/null | while IFS= read -r line; do say $line; done
  say done
}
`;
