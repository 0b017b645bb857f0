/** Why a document can't be read. */
export type JsonProblem = 'malformed' | 'too-large' | 'too-deep' | 'too-many';

/** Thrown when a document is not valid JSON, or exceeds the allowed size, depth or number of values. */
export class UnreadableJson extends Error {
  override readonly name = 'UnreadableJson';
  readonly problem: JsonProblem;
  constructor(problem: JsonProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** The error for invalid JSON. */
export function malformedJson(message: string, cause?: unknown): UnreadableJson {
  return new UnreadableJson('malformed', message, { cause });
}
