import { readFileSync, writeFileSync } from 'node:fs';

/** What the kernel counts processor time in: hundredths of a second on every Linux that Node runs on. */
const TICK = 10_000;

/** Processor time a process has used in all its threads so far, in microseconds. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

/** Memory of a process that is in RAM, in bytes. */
export function memoryOf(pid: number): number {
  return memoryIn(pid, 'VmRSS');
}

/** Starts to note the most memory of a process that is in RAM; answers how to learn it, in bytes. */
export function watchMemory(pid: number): () => number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5'); // proc(5): sets the mark of the highest use back to the present one
  return () => memoryIn(pid, 'VmHWM');
}

function memoryIn(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
