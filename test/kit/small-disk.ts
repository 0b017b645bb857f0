import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

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

/** A disk that processes can be started on one after another. */
export interface SmallDisk {
  /** The path by which the test reaches a path on the disk. */
  path(path: string): string;
  /** The command line that runs a command which sees the disk. */
  on(command: readonly string[]): string[];
  unmount(): Promise<void>;
}

/** Mounts a disk of this many megabytes on a folder until it is unmounted. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  const [program = '', ...args] = onSmallDisk(folder, megabytes, [
    'sh',
    '-c',
    'echo mounted; exec sleep 600',
  ]);
  const holder = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => holder.kill('SIGKILL');
  process.once('exit', kill);
  await once(holder.stdout, 'data');
  const pid = holder.pid ?? 0;
  return {
    path: (path) => pathOf(pid, path),
    on: (command) => ['nsenter', '--preserve-credentials', '-t', String(pid), '-U', '-m', ...command],
    async unmount() {
      process.off('exit', kill);
      const ended = once(holder, 'exit');
      kill();
      await ended;
    },
  };
}
