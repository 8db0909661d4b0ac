// What logins on a farm's hosts do first: hosts without Node, with an old one, or with file systems of their own.

/** In a mount namespace: these programs are nowhere. */
export const HIDE_NODE =
  "mount --bind /dev/null /usr/bin/node; mount --bind /dev/null /usr/local/bin/node 2>/dev/null";
/** In front of the PATH. */
export const OLD_NODE =
  "mkdir -p old; printf '#!/bin/sh\\necho v18.3.0\\n' >old/node; chmod +x old/node; PATH=$HOME/old:$PATH";

/** What a login runs first; mounts are seen by this login only. */
export function loginOf(mounts: string | undefined, commands = ""): string {
  if (mounts === undefined) return commands;
  const shell = `exec unshare -m /bin/sh -c '${mounts}; exec /bin/sh "$@"' sh "$@"`;
  return `${commands}
cat >.shell-$$ <<'END'
#!/bin/sh
${shell}
END
chmod +x .shell-$$
LOGIN_SHELL=$HOME/.shell-$$`;
}
