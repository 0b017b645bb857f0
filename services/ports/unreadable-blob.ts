/** File system error codes that concern a single file. */
const codes = new Set(['EACCES', 'EBADMSG', 'EIO', 'EPERM']);

/** Whether a read error concerns only this blob: others may be readable, and retrying won't help soon. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && codes.has(String(error.code));
}
