import type { Query } from '../../ports/table.ts';
import { compareUtf8 } from '../../ports/table-rules.ts';
import { type Placeholders, placeholders } from './dynamodb-expressions.ts';

/** The part of a partition a query asks for, as DynamoDB wants it said. */
export interface Range {
  readonly keyCondition: string;
  readonly used: Placeholders;
  /** Sort keys that the condition lets through but the query does not ask for. */
  readonly excluded: readonly string[];
}

/** Sort keys that start with something, or lie between two others, or on one side of another. */
interface Bounds {
  readonly startsWith?: string;
  readonly low?: string;
  readonly high?: string;
}

/**
 * Writes `prefix` and `after` as the one sort-key condition that DynamoDB allows; undefined when nothing can match.
 *
 * The position is a bound on the sort key rather than an `ExclusiveStartKey`, because that needs the base table's key
 * when an index is read. `BETWEEN` includes both of its ends, so the ends that do not belong are named in `excluded`.
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
  return { keyCondition, used, excluded: ends.filter((end) => !isAskedFor(end, query)) };
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

function isAskedFor(sortKey: string, { prefix = '', after }: Query): boolean {
  return sortKey !== after && sortKey.startsWith(prefix);
}

/** The first string after every string that starts with `prefix`, or undefined when there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
