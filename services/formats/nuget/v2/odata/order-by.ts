import { type FilteredThing, type FilterValue, orderOf } from './filter.ts';

/** The most properties to sort by. */
const MAX_ORDERS = 10;

/**
 * Sorts items by an `$orderby`: properties separated by commas, each optionally with `desc`. Unknown properties are
 * ignored, and equal items keep their order.
 * @param compare a special order for some properties, as in filters
 */
export function orderBy<T>(
  things: readonly T[],
  text: string,
  property: (thing: T, name: string) => FilterValue | undefined,
  compare?: FilteredThing['compare'],
): T[] {
  const orders = text.split(',', MAX_ORDERS).flatMap((part) => {
    const { name, down } = /^\s*(?<name>\w+)(?:\s+(?:asc|(?<down>desc)))?\s*$/.exec(part)?.groups ?? {};
    return name === undefined ? [] : [{ name, sign: down ? -1 : 1 }];
  });
  const keyed = things.map((thing) => ({ thing, keys: orders.map(({ name }) => property(thing, name)) }));
  keyed.sort((a, b) => {
    for (const [index, { name, sign }] of orders.entries()) {
      const [left, right] = [a.keys[index] ?? null, b.keys[index] ?? null];
      const order = compare?.(name, left, right) ?? orderOf(left, right);
      if (order) return sign * order;
    }
    return 0;
  });
  return keyed.map(({ thing }) => thing);
}
