/**
 * A store can't be reached, fails, or stays silent or busy for longer than a request can wait. Thrown by every
 * port. Reads may be retried; whether a write was applied is unknown unless the error says so.
 */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
  /** Whether it was a write that may have been applied anyway. */
  readonly mayBeWritten: boolean;
  constructor(message: string, options: ErrorOptions & { readonly mayBeWritten: boolean }) {
    super(message, options);
    this.mayBeWritten = options.mayBeWritten;
  }
}
