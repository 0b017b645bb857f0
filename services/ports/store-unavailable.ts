/**
 * Thrown by every port when its store can't be reached, fails by itself, or stays silent or busy for longer than a
 * request can wait. Reads may be tried again; what a write did is not known unless the error tells.
 */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
  /** Whether it was a write that may have taken place nevertheless. */
  readonly mayBeWritten: boolean;
  constructor(message: string, options: ErrorOptions & { readonly mayBeWritten: boolean }) {
    super(message, options);
    this.mayBeWritten = options.mayBeWritten;
  }
}
