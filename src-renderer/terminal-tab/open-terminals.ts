// Which shell is open in which terminal's tab: whoever gives the tab to another window gives the shell along.

const open = new Map<string, number>();

export function noteTerminal(tab: string, terminal: number | undefined): void {
  if (terminal === undefined) open.delete(tab);
  else open.set(tab, terminal);
}

export function terminalOfTab(tab: string): number | undefined {
  return open.get(tab);
}
