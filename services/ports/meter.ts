/** Counts what happens, for a page of metrics. Must be cheap: it is called in every request. */
export interface Meter {
  /** A request that was answered; a streamed body may still be on its way. */
  request(facts: RequestFacts): void;
  /** A version or a file of a format that was published. */
  published(format: string): void;
  /** A download of a file that began. */
  downloaded(format: string): void;
  /** A run of a job, in milliseconds. */
  job(name: string, outcome: JobOutcome, milliseconds: number): void;
  /** A call of a table that failed, other than by its condition. */
  tableFailed(method: string): void;
}

/** How a run of a job ended. */
export type JobOutcome = 'done' | 'unfinished' | 'failed';

/** What is counted of a request. */
export interface RequestFacts {
  readonly method: string;
  /** The template of its route. */
  readonly route: string;
  /** Empty outside the formats' endpoints. */
  readonly format: string;
  readonly status: number;
  readonly milliseconds: number;
  /** The bytes of its body that were read, and of the response's body if its length is known. */
  readonly received: number;
  readonly sent: number;
}

/** A meter that counts nothing, for hosts that have metrics of their own. */
export const noMeter: Meter = {
  request() {},
  published() {},
  downloaded() {},
  job() {},
  tableFailed() {},
};
