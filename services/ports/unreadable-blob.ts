/** Codes with which a file system says that it is this file that can't be read. */
const codes = new Set(['EACCES', 'EBADMSG', 'EIO', 'EPERM']);

/** Whether the error of a read is about the one blob: others may well be readable, and it will not be soon. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && codes.has(String(error.code));
}
