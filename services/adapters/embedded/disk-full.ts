/** The error of a write that failed for lack of space, with the file system's code. Nothing was written. */
export function diskFull(cause: unknown): Error {
  return Object.assign(new Error('the disk is full; nothing was written', { cause }), { code: 'ENOSPC' });
}

/** Whether a write failed for lack of space, on the disk or within a quota. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
