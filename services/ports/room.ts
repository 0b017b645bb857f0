/** The `Room` port: whether the stores of a host have room for more. Stores of AWS always have. */
export interface Room {
  /** Whether the disk was full at the last check. */
  readonly isShort: boolean;
  /** Whether additions may be stored. If there was no room, looks again. What is left is kept for removals. */
  hasRoom(): Promise<boolean>;
  /** Calls `onChange` whenever `isShort` has changed, until the returned function is called. Absent if it never does. */
  watch?(onChange: () => void): () => void;
}

/** The room of stores that grow as needed. */
export const endlessRoom: Room = { isShort: false, hasRoom: async () => true };
