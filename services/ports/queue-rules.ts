/** The rules of the `Queue` port as pure functions, shared by adapters. */

/** The most bytes of UTF-8 in one message. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** Throws unless every body is small enough to send. */
export function checkBodies(bodies: readonly string[]): void {
  for (const body of bodies) {
    const bytes = Buffer.byteLength(body);
    if (bytes > MAX_MESSAGE_BYTES) {
      throw new RangeError(`a message has ${bytes} bytes; at most ${MAX_MESSAGE_BYTES} (256 KB)`);
    }
  }
}
