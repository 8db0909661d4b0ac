// Whether a process of this computer lives.

/** Also one of another user, and one that has ended and that nobody has asked about yet (a zombie). */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
