/**
 * All errors a caller can get, in one table: code -> kind and default message. The core and the formats throw
 * `RegistryError`; only `http` maps a kind to a status, and a format may render the error in its client's dialect.
 * Messages are shown to users: say what to do where possible. `Forbidden`, `Not Found` and the like are GitLab's words,
 * which its clients look for.
 */

/** The kind of an error, which `http/answer/render-error.ts` maps to a status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'denied'
  | 'missing'
  | 'conflict'
  | 'precondition'
  | 'too-large'
  | 'too-slow'
  | 'unsupported-type'
  | 'unsupported'
  | 'unavailable'
  | 'full';

const errors = {
  invalidRequest: ['invalid', 'The request is invalid'],
  invalidParameter: ['invalid', 'A parameter is invalid'],
  invalidPackage: ['invalid', 'The package is invalid'],
  unauthenticated: ['unauthenticated', 'Unauthorized'],
  invalidGrant: ['unauthenticated', 'The token has expired or is invalid'],
  notGranted: ['unauthenticated', 'The token is not for this request'],
  forbidden: ['denied', 'Forbidden'],
  insufficientScope: ['denied', 'The token has no scope for this request'],
  registryDisabled: ['denied', 'Forbidden - The package registry is disabled for this project'],
  projectArchived: ['denied', 'Forbidden - The project is archived and read-only'],
  notFound: ['missing', 'Not Found'],
  projectNotFound: ['missing', 'Project Not Found'],
  groupNotFound: ['missing', 'Group Not Found'],
  userNotFound: ['missing', 'User Not Found'],
  nameNotFound: ['missing', 'Name Not Found'],
  packageNotFound: ['missing', 'Package Not Found'],
  fileNotFound: ['missing', 'Package File Not Found'],
  routeNotFound: ['missing', 'Not Found'],
  pathMoved: ['missing', 'Not Found'],
  duplicateVersion: ['conflict', 'Package already exists.'],
  duplicateFile: ['conflict', 'Duplicate package is not allowed'],
  alreadyTaken: ['conflict', 'has already been taken'],
  conflict: ['conflict', 'The request conflicts with another change'],
  preconditionFailed: ['precondition', 'The condition of the request is not met'],
  bodyTooLarge: ['too-large', 'The file is too large'],
  alteredBody: ['unsupported-type', 'The body was altered on its way'],
  uploadStalled: ['too-slow', 'The upload stalled'],
  methodNotAllowed: ['unsupported', 'Method Not Allowed'],
  contended: ['unavailable', 'Too many concurrent changes, try again later'],
  indexBehind: ['unavailable', 'The index is being built, try again shortly'],
  storageFull: ['full', 'The storage is full; nothing was written'],
  noSealingKey: [
    'unavailable',
    'The registry has no sealing key: its operator must set PACKHOUSE_SEALING_SECRET',
  ],
  storageUnavailable: ['unavailable', 'The storage is not available, try again later'],
} as const satisfies Record<string, readonly [ErrorKind, string]>;

/** The code of an error in the table. */
export type ErrorCode = keyof typeof errors;

/**
 * An error with a message that the caller may see. `fields` are public details (`{"path": ["is invalid"]}`);
 * `reason` is for operators only and never part of a response.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly fields: Readonly<Record<string, readonly string[]>> | undefined;
  readonly reason: string | undefined;
  constructor(
    code: ErrorCode,
    message?: string,
    options: ErrorOptions & {
      readonly fields?: Readonly<Record<string, readonly string[]>>;
      readonly reason?: string | undefined;
    } = {},
  ) {
    super(message ?? errors[code][1], options);
    this.code = code;
    this.kind = errors[code][0];
    this.fields = options.fields;
    this.reason = options.reason;
  }
}

/** An invalid request, with a message that says why. */
export function badRequest(message: string): RegistryError {
  return new RegistryError('invalidRequest', message);
}

/** Missing or invalid request parameters, in GitLab's words: `name is missing`. */
export function badParameters(problems: readonly string[]): RegistryError {
  return new RegistryError('invalidParameter', problems.join(', '));
}

/** A rejected package. `reason` says which part is invalid and why, so that its publisher can fix it. */
export function invalidPackage(reason: string, cause?: unknown): RegistryError {
  return new RegistryError('invalidPackage', reason, { cause });
}

/** An upload that exceeds `limit` bytes. */
export function tooLarge(limit: number, hint = ''): RegistryError {
  return new RegistryError('bodyTooLarge', `The file is larger than the limit of ${limit} bytes.${hint}`);
}

/** An existing file that prevents a publish. */
export interface ExistingFile {
  /** The package and version, as written by their publisher. */
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  /** Whether its bytes equal those uploaded; undefined before they were received. */
  readonly sameBytes: boolean | undefined;
}

/** `duplicateFile` with the existing file, for formats whose clients get its details. */
export class DuplicateFile extends RegistryError {
  readonly existing: ExistingFile;
  constructor(existing: ExistingFile) {
    super('duplicateFile');
    this.existing = existing;
  }
}
