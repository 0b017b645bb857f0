/** Limits the bytes that are being sent at once, by all senders. Libraries such as `p-limit` count tasks, not bytes. */
export interface InFlight {
  /** Resolves when there is room for so many bytes, first come, first served. More than fit are let in alone. */
  enter(bytes: number): Promise<void>;
  /** Makes room again. */
  leave(bytes: number): void;
}

/** Room for `limit` bytes. */
export function inFlightUpTo(limit: number): InFlight {
  let underWay = 0;
  const waiting: { readonly bytes: number; letIn(): void }[] = [];

  const fits = (bytes: number) => underWay === 0 || underWay + bytes <= limit;

  return {
    async enter(bytes) {
      if (waiting.length > 0 || !fits(bytes)) {
        await new Promise<void>((letIn) => waiting.push({ bytes, letIn }));
      } else underWay += bytes;
    },
    leave(bytes) {
      underWay -= bytes;
      for (let [first] = waiting; first && fits(first.bytes); [first] = waiting) {
        waiting.shift();
        underWay += first.bytes;
        first.letIn();
      }
    },
  };
}
