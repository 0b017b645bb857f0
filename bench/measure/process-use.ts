import { readFileSync, writeFileSync } from 'node:fs';

/** The unit of the kernel for processor time in microseconds: a hundredth of a second on every Linux that Node runs on. */
const TICK = 10_000;

/** Processor time a process has used in all its threads so far, in microseconds. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

/** The resident memory of a process, in bytes. */
export function memoryOf(pid: number): number {
  return memoryIn(pid, 'VmRSS');
}

/** Starts to record the peak resident memory of a process; returns the function that reads it, in bytes. */
export function watchMemory(pid: number): () => number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5'); // proc(5): resets the peak to the current value
  return () => memoryIn(pid, 'VmHWM');
}

function memoryIn(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
