import { type ErrorCode, RegistryError } from '../../domain/errors.ts';
import type { RenderedError } from '../../http/format/format.ts';
import { WrongDigest } from '../../registry/package-blobs/store-blob.ts';

/** The error codes of the distribution specification that the registry sends, and those that Docker added. */
const codes = {
  BLOB_UNKNOWN: 'fileNotFound',
  BLOB_UPLOAD_INVALID: 'invalidRequest',
  BLOB_UPLOAD_UNKNOWN: 'fileNotFound',
  DIGEST_INVALID: 'invalidRequest',
  MANIFEST_BLOB_UNKNOWN: 'invalidPackage',
  MANIFEST_INVALID: 'invalidPackage',
  MANIFEST_UNKNOWN: 'packageNotFound',
  NAME_INVALID: 'invalidRequest',
  NAME_UNKNOWN: 'projectNotFound',
  PAGINATION_NUMBER_INVALID: 'invalidRequest',
  RANGE_INVALID: 'conflict',
  SIZE_INVALID: 'bodyTooLarge',
  TAG_INVALID: 'invalidRequest',
  UNAUTHORIZED: 'unauthenticated',
  DENIED: 'forbidden',
  UNSUPPORTED: 'methodNotAllowed',
} as const satisfies Record<string, ErrorCode>;

/** See `codes`. */
export type OciCode = keyof typeof codes;

/** An error that clients are told by one of their codes. */
export class OciError extends RegistryError {
  readonly oci: OciCode;
  /** Facts about the error that clients may show, such as the missing digests. */
  readonly detail: unknown;
  constructor(oci: OciCode, message: string, detail?: unknown, cause?: unknown) {
    super(codes[oci], message, { cause });
    this.oci = oci;
    this.detail = detail;
  }
}

/** Makes an error with one of the clients' codes. */
export function ociError(oci: OciCode, message: string, detail?: unknown, cause?: unknown): OciError {
  return new OciError(oci, message, detail, cause);
}

/** The clients' codes of the core's errors, for those that have one of their own. */
const ownCodes: Partial<Record<ErrorCode, OciCode>> = {
  packageNotFound: 'NAME_UNKNOWN',
  notFound: 'MANIFEST_UNKNOWN',
  fileNotFound: 'BLOB_UNKNOWN',
  projectNotFound: 'NAME_UNKNOWN',
  pathMoved: 'NAME_UNKNOWN',
  invalidPackage: 'MANIFEST_INVALID',
  invalidRequest: 'BLOB_UPLOAD_INVALID',
  bodyTooLarge: 'SIZE_INVALID',
  conflict: 'DENIED',
};

/** Renders an error as the distribution specification says: a list with its code, a message and details. */
export function renderError(error: RegistryError, status: number): RenderedError {
  const { oci, detail } =
    error instanceof OciError ? error : { oci: codeOf(error, status), detail: undefined };
  const message = error.message.slice(0, 1000).toWellFormed();
  return {
    status: oci === 'RANGE_INVALID' ? 416 : status,
    contentType: 'application/json',
    body: JSON.stringify({ errors: [{ code: oci, message, ...(detail !== undefined && { detail }) }] }),
  };
}

function codeOf(error: RegistryError, status: number): OciCode | 'TOOMANYREQUESTS' {
  if (error instanceof WrongDigest) return 'DIGEST_INVALID';
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'DENIED';
  if (status === 503 || status === 507) return 'TOOMANYREQUESTS';
  return ownCodes[error.code] ?? 'UNSUPPORTED';
}
