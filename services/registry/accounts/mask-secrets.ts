/** What replaces a secret in a log line. */
const MASK = '[token]';

/** A hyphen, or what formats make of one when they normalize names; percent-encoded any number of times, or escaped. */
const separator = String.raw`(?:[-_.]|%(?:25)*(?:2D|5F|2E)|\\u00(?:2D|5F|2E))`;

/**
 * A secret of this registry, whatever is before it, in any case and spelling, and also a part of one: a text may have
 * been cut. Twenty characters are longer than the names that start like a secret; without a separator all are needed.
 */
const ownSecret = new RegExp(`ph[ad]t(?:${separator}+[0-9A-Z]{20,}|[0-9A-Z]{36,})`, 'gi');

/** A signed JSON Web Token (JWT) from any issuer, even if only the first letters of its claims are left. */
const signedToken = /eyJ[\w-]{10,500}(?:\.|%(?:25)*2E|\\u002E)[\w-]+(?:(?:\.|%(?:25)*2E|\\u002E)[\w-]*)?/gi;

/** The credentials of an `Authorization` header, which may be a secret that a person chose, of 20 characters or more. */
const authorization = /\b(basic|bearer)(\s+|%20)[\w.~+/=%-]{20,}/gi;

/** The value of a query parameter or form field that holds a token or a password. */
const parameter = /\b((?:(?:private|job|deploy|access|auth)_?token|password)=)[^&\s"'\\]+/gi;

/** Replaces everything in a text that is or may be a token, whatever carries it. For logs. */
export function maskSecrets(text: string): string {
  return text
    .replace(ownSecret, MASK)
    .replace(authorization, `$1$2${MASK}`)
    .replace(parameter, `$1${MASK}`)
    .replace(signedToken, MASK);
}

/** A replacer for `JSON.stringify` that masks the secrets in every text. */
export function maskingReplacer(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? maskSecrets(value) : value;
}
