/** Limits the bytes that all senders send concurrently. Libraries such as `p-limit` count tasks, not bytes. */
export interface InFlight {
  /**
   * Waits until there is room for so many bytes, first come, first served. Anything above the limit enters alone.
   */
  enter(bytes: number): Promise<void>;
  /** Frees the room. */
  leave(bytes: number): void;
}

/** Creates a limit of so many bytes. */
export function inFlightUpTo(limit: number): InFlight {
  let inFlight = 0;
  const waiting: { readonly bytes: number; letIn(): void }[] = [];

  const fits = (bytes: number) => inFlight === 0 || inFlight + bytes <= limit;

  return {
    async enter(bytes) {
      if (waiting.length > 0 || !fits(bytes)) {
        await new Promise<void>((letIn) => waiting.push({ bytes, letIn }));
      } else inFlight += bytes;
    },
    leave(bytes) {
      inFlight -= bytes;
      for (let [first] = waiting; first && fits(first.bytes); [first] = waiting) {
        waiting.shift();
        inFlight += first.bytes;
        first.letIn();
      }
    },
  };
}
