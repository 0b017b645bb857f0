import type { FormatRules } from '../../domain/format-rules.ts';
import { type PackageName, parsePackageName } from '../../domain/names.ts';

/** The most parts of a bound prefix, and so the most prefixes of a name that are looked up. */
export const MAX_PARTS = 10;

/** Whether a prefix has few enough parts to be looked up for names below it. */
export function isBindable(format: Pick<FormatRules, 'prefixes'>, prefix: PackageName): boolean {
  return prefixesOf(format, prefix)[0] === prefix;
}

/** The prefixes of a name that may be bound to a namespace, longest first; the name itself is one. */
export function prefixesOf({ prefixes }: Pick<FormatRules, 'prefixes'>, name: PackageName): PackageName[] {
  if (!prefixes) return [];
  const found: PackageName[] = [];
  for (let end = 1; end <= name.length && found.length < MAX_PARTS; end++) {
    const isEnd = end === name.length || prefixes.separators.includes(name.charAt(end));
    const prefix = isEnd ? parsePackageName(name.slice(0, end)) : undefined;
    if (prefix !== undefined) found.unshift(prefix);
  }
  return found;
}
