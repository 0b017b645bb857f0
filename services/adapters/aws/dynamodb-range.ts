import type { Query } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
import { type Placeholders, placeholders } from './dynamodb-expressions.ts';

/** A query's part of a partition, as a DynamoDB key condition. */
export interface Range {
  readonly keyCondition: string;
  readonly used: Placeholders;
  /** Sort keys that match the condition but not the query. */
  readonly excluded: readonly string[];
}

/** Bounds of sort keys: a prefix, an interval, or one open side. */
interface Bounds {
  readonly startsWith?: string;
  readonly low?: string;
  readonly high?: string;
}

/**
 * Combines `prefix` and `after` in the single sort-key condition that DynamoDB allows. Undefined if nothing can
 * match.
 *
 * The position is a bound on the sort key and not an `ExclusiveStartKey`, which for an index would need the base
 * table's key. `BETWEEN` includes both ends, so `excluded` has the ends that are outside the query.
 */
export function toRange(query: Query): Range | undefined {
  const bounds = toBounds(query);
  if (bounds === undefined) return undefined;
  const used = placeholders();
  const [pk, sk] = query.index ? [`${query.index}pk`, `${query.index}sk`] : ['pk', 'sk'];
  const partition = `${used.name(pk)} = ${used.value(query.pk)}`;
  const sortKeys = toCondition(bounds, sk, used);
  const keyCondition = sortKeys === undefined ? partition : `${partition} AND ${sortKeys}`;
  const { low, high } = bounds;
  const ends = low !== undefined && high !== undefined ? [low, high] : [];
  return { keyCondition, used, excluded: ends.filter((end) => !isInRange(end, query)) };
}

function toBounds({ prefix = '', after, reverse = false }: Query): Bounds | undefined {
  if (after === undefined) return prefix === '' ? {} : { startsWith: prefix };
  if (prefix === '') return reverse ? { high: after } : { low: after };
  if (!after.startsWith(prefix)) {
    const isBefore = compareUtf8(after, prefix) < 0;
    return isBefore === reverse ? undefined : { startsWith: prefix };
  }
  if (reverse) return { low: prefix, high: after };
  const high = endOfPrefix(prefix);
  return high === undefined ? { low: after } : { low: after, high };
}

function toCondition(
  { startsWith, low, high }: Bounds,
  attribute: string,
  used: Placeholders,
): string | undefined {
  const value = (sortKey: string) => used.value(sortKey);
  if (startsWith !== undefined) return `begins_with(${used.name(attribute)}, ${value(startsWith)})`;
  if (low !== undefined && high !== undefined) {
    return `${used.name(attribute)} BETWEEN ${value(low)} AND ${value(high)}`;
  }
  if (low !== undefined) return `${used.name(attribute)} > ${value(low)}`;
  if (high !== undefined) return `${used.name(attribute)} < ${value(high)}`;
  return undefined;
}

function isInRange(sortKey: string, { prefix = '', after }: Query): boolean {
  return sortKey !== after && sortKey.startsWith(prefix);
}

/** The first string after all strings that start with `prefix`, or undefined if no string follows them. */
function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
