import { lockDirectory } from './directory-lock.ts';

/**
 * Locks a directory that is only read, if it can be written to: nobody changes one on a read-only disk.
 * @throws Error `EBUSY` when it is locked
 */
export async function lockToRead(directory: string): Promise<() => void> {
  try {
    return await lockDirectory(directory);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return () => {};
    throw error;
  }
}
