import { spawnSync } from 'node:child_process';

const inOwnMount = ['unshare', '--user', '--map-root-user', '--mount'] as const;

/** Whether this machine lets us mount disks that only our own children see. */
export const canMountDisks =
  spawnSync(inOwnMount[0], [...inOwnMount.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** The command, run where a disk of so many megabytes is mounted on a folder; its process is that of the command. */
export function onSmallDisk(folder: string, megabytes: number, command: readonly string[]): string[] {
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$1" && shift && exec "$@"`;
  return [...inOwnMount, 'sh', '-c', script, 'sh', folder, ...command];
}

/** Where a path of a process that has mounts of its own is for all others. */
export function pathOf(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}
