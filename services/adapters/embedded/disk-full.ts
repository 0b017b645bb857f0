/** The error of a write that found no room, with the code the file system uses: nothing was written. */
export function diskFull(cause: unknown): Error {
  return Object.assign(new Error('the disk is full; nothing was written', { cause }), { code: 'ENOSPC' });
}

/** Whether the error says that a write found no room, within the disk or within a quota. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
