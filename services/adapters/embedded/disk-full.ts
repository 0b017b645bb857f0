/** The error of a write that failed for lack of space, with the file system's code. Nothing was written. */
export function diskFull(cause: unknown): Error {
  return Object.assign(new Error('the disk is full; nothing was written', { cause }), { code: 'ENOSPC' });
}

/** Whether a write failed for lack of space, on the disk or within a quota. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** SQLite's codes for a write without space, and for a file of its shared memory that can't grow for that reason. */
const SQLITE_FULL = 13;
const SQLITE_IOERR_SHMSIZE = 4874;

/** Whether SQLite failed for lack of space. */
export function isDatabaseFull(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error)) return false;
  return error.errcode === SQLITE_FULL || error.errcode === SQLITE_IOERR_SHMSIZE;
}
