/** The rules of the `Queue` port as pure functions, shared by adapters. */

/** The maximum size of a message, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/**
 * Checks the size of every body.
 * @throws RangeError when one is too large
 */
export function checkBodies(bodies: readonly string[]): void {
  for (const body of bodies) {
    const bytes = Buffer.byteLength(body);
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a message has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} (256 KB)`);
    }
  }
}
