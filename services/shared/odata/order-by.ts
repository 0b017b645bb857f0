import { type FilterValue, orderOf } from './filter.ts';

/**
 * Sorts things by an `$orderby`: properties set off by commas, each with `desc` or not. What is no property of the
 * things does not count, and equal things stay in their order.
 */
export function orderBy<T>(
  things: readonly T[],
  text: string,
  property: (thing: T, name: string) => FilterValue | undefined,
): T[] {
  const orders = text.split(',').flatMap((part) => {
    const { name, down } = /^\s*(?<name>\w+)(?:\s+(?:asc|(?<down>desc)))?\s*$/.exec(part)?.groups ?? {};
    return name === undefined ? [] : [{ name, sign: down ? -1 : 1 }];
  });
  const keyed = things.map((thing) => ({ thing, keys: orders.map(({ name }) => property(thing, name)) }));
  keyed.sort((a, b) => {
    for (const [index, { sign }] of orders.entries()) {
      const order = orderOf(a.keys[index] ?? null, b.keys[index] ?? null);
      if (order) return sign * order;
    }
    return 0;
  });
  return keyed.map(({ thing }) => thing);
}
