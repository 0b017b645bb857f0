import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** The most memory that a server may use to transfer one large file: 250 MiB, in bytes. */
export const MEMORY_LIMIT = 250 * 1024 * 1024;

/** Why memory cannot be measured here, or undefined. In CI that is never a reason to skip. */
export const processesHidden: string | undefined =
  process.env.CI || existsSync('/proc/self/status') ? undefined : 'this system has no /proc';

/** The resident memory of a process in bytes: now, and at its highest since it started. */
export async function memoryOf(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { now: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
}

/** How many files and sockets a process has open. */
export async function openFilesOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Bytes as MiB, for people. */
export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
