// Writes the lines of shell that set a process's resource limits: Node itself has no setrlimit.
import type { ResourceLimits } from "#shared/application/application.ts";

/** POSIX counts `ulimit -f` in blocks of this size, whatever the shell. */
const FILE_BLOCK_BYTES = 512;
const MEMORY_UNIT_BYTES = 1024;
/** Between SIGXCPU, which says why, and SIGKILL. */
const CPU_SECONDS_TO_KILL = 5;

/**
 * "" when nothing is limited. Memory is the address space (RLIMIT_AS), the only bound the system keeps for any program:
 * runtimes that reserve much more than they use (Node, Java, Go) need it generous. Processes are counted per user and
 * not for root. A limit above the hard limit is refused, and then the process does not start.
 */
export function limitsScript(limits: ResourceLimits): string {
  const { openFiles, memoryBytes, fileSizeBytes, cpuSeconds, processes } = limits;
  const lines: string[] = [];
  if (openFiles !== undefined) lines.push(`ulimit -n ${whole(openFiles)}`);
  if (memoryBytes !== undefined) lines.push(`ulimit -v ${whole(memoryBytes / MEMORY_UNIT_BYTES)}`);
  if (fileSizeBytes !== undefined) lines.push(`ulimit -f ${whole(fileSizeBytes / FILE_BLOCK_BYTES)}`);
  if (cpuSeconds !== undefined) {
    lines.push(
      `ulimit -S -t ${whole(cpuSeconds)}`,
      `ulimit -H -t ${whole(cpuSeconds + CPU_SECONDS_TO_KILL)}`,
    );
  }
  // bash and zsh call it -u; dash and ksh -p, and dash ends on an option that it does not know.
  if (processes !== undefined) {
    const count = whole(processes);
    lines.push(`if (ulimit -u ${count}) 2>/dev/null; then ulimit -u ${count}; else ulimit -p ${count}; fi`);
  }
  // dash ends by itself when a limit is refused; the others go on, and must not.
  return lines.map((line) => `${line} || exit 125\n`).join("");
}

function whole(amount: number): string {
  return String(Math.ceil(amount));
}
