import { readFileSync } from 'node:fs';

/** The most memory a process has had so far, in MiB: its peak resident set. */
export function peakMemory(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (!kilobytes) throw new Error(`the system does not report the memory of process ${pid}`);
  return Number(kilobytes) / 1024;
}
