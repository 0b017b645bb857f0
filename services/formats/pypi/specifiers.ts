import { normalizedVersion } from './versions.ts';

/** A comparison, and the version that it compares with. */
const CLAUSE = /^(?<operator>~=|===|==|!=|<=|>=|<|>)\s*(?<version>\S+)$/;

/**
 * Whether a text consists of version specifiers (PEP 440): `>=3.9, !=3.10.*`. As installers do, this accepts a
 * wildcard after every operator and a comma at the end: released packages have them. Some installers stop reading
 * a page with any other `Requires-Python`.
 */
export function areSpecifiers(text: string): boolean {
  if (/[^\x20-\x7e]/.test(text)) return false;
  const clauses = text.split(',').map((clause) => clause.trim());
  if (clauses.at(-1) === '') clauses.pop();
  return text.trim() === '' || (clauses.length > 0 && clauses.every(isSpecifier));
}

function isSpecifier(clause: string): boolean {
  const { operator, version = '' } = CLAUSE.exec(clause)?.groups ?? {};
  if (operator === undefined) return false;
  return operator === '===' || normalizedVersion(version.replace(/\.\*$/, '')) !== undefined;
}
