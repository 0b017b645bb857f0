import { spawnSync } from 'node:child_process';

const inOwnMount = ['unshare', '--user', '--map-root-user', '--mount'] as const;

/** Whether this machine allows mounting disks that only child processes of the tests see. */
export const canMountDisks =
  spawnSync(inOwnMount[0], [...inOwnMount.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** A command line that mounts a disk of this many megabytes on a folder, and then becomes the command. */
export function onSmallDisk(folder: string, megabytes: number, command: readonly string[]): string[] {
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$1" && shift && exec "$@"`;
  return [...inOwnMount, 'sh', '-c', script, 'sh', folder, ...command];
}

/** The path by which other processes reach a path of a process that has mounts of its own. */
export function pathOf(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}
