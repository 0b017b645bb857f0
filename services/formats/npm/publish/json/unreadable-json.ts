/** Why a document could not be read. */
export type JsonProblem = 'malformed' | 'too-large' | 'too-deep' | 'too-many';

/** Thrown when a document is no JSON, or larger, deeper or of more values than was allowed. */
export class UnreadableJson extends Error {
  override readonly name = 'UnreadableJson';
  readonly problem: JsonProblem;
  constructor(problem: JsonProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** A document that is no JSON: what is wrong with it. */
export function malformedJson(message: string, cause?: unknown): UnreadableJson {
  return new UnreadableJson('malformed', message, { cause });
}
