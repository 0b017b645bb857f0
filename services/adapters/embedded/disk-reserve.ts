import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from '../../ports/room.ts';
import { isDiskFull } from './disk-full.ts';

/** A file in the data directory that only takes up space, for the database to have when the disk is full. */
const RESERVE_FILE = 'reserve';

/** The size of the reserve in bytes, and the largest share of its disk. */
const RESERVE_BYTES = 64 * 1024 * 1024;
const RESERVE_SHARE = 0.05;

/** How often the disk is looked at, and how long after the start the reserve is first made, in milliseconds. */
const LOOK_EVERY = 1_000;
const MADE_AFTER = 5_000;

/**
 * The space that is kept for the database. Blobs and other additions are refused while less than a quarter of its
 * size is free, or while the database has been given the reserve; then removals have all that is left.
 */
export interface DiskReserve extends Room {
  /** Notes that the writer has released the reserve. */
  wasReleased(): void;
  /** Stops looking at the disk. The reserve stays. */
  stop(): Promise<void>;
}

/** Deletes the reserve so that its space can be written to. Returns whether there was one. */
export function releaseReserve(directory: string): boolean {
  try {
    rmSync(join(directory, RESERVE_FILE));
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps a reserve in a data directory: makes it soon, and again when it was released and there is room for it. Resolves
 * once it is known whether there is room.
 */
export async function keepReserve(directory: string): Promise<DiskReserve> {
  const path = join(directory, RESERVE_FILE);
  const made = performance.now() + MADE_AFTER;
  let held = false;
  let isShort = false;
  const watchers = new Set<() => void>();
  let releases = 0;
  let looking: Promise<void> | undefined;

  function setShort(value: boolean): void {
    if (value === isShort) return;
    isShort = value;
    for (const onChange of watchers) onChange();
  }

  async function look(): Promise<void> {
    const { bavail, bsize, blocks } = await statfs(directory);
    // Some file systems do not say how large they are.
    if (blocks === 0) return;
    const size = Math.min(RESERVE_BYTES, Math.floor(blocks * bsize * RESERVE_SHARE));
    held = (await sizeOf(path)) >= size;
    const free = bavail * bsize;
    if (held) {
      setShort(free < size / (isShort ? 2 : 4));
    } else if (free < 1.5 * size) {
      setShort(true);
    } else if (isShort || performance.now() >= made) {
      await make(size);
    }
  }

  async function make(size: number): Promise<void> {
    const before = releases;
    held = await fill(path, size);
    if (releases !== before) releaseReserve(directory);
    setShort(!held || releases !== before);
  }

  /** A failure, as on a disk that is being removed, leaves everything as it was. */
  function lookOnce(): Promise<void> {
    looking ??= look()
      .catch(() => {})
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  await lookOnce();
  const timer = setInterval(lookOnce, LOOK_EVERY).unref();
  return {
    get isShort() {
      return isShort;
    },
    async hasRoom() {
      if (isShort) await lookOnce();
      return !isShort;
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
    wasReleased() {
      releases++;
      setShort(true);
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

const CHUNK = 1024 * 1024;

/** Writes a file of this many bytes; returns whether there was room for it. Otherwise leaves no file. */
async function fill(path: string, size: number): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'w', 0o600);
    // File systems that compress would keep no space for zeros.
    const chunk = randomBytes(CHUNK);
    for (let left = size; left > 0; )
      left -= (await file.write(chunk, 0, Math.min(left, CHUNK))).bytesWritten;
    return true;
  } catch (error) {
    await rm(path, { force: true });
    if (isDiskFull(error)) return false;
    throw error;
  } finally {
    await file?.close();
  }
}
