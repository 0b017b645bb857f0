/** The values that each factor of a test may have. */
export type Factors = Readonly<Record<string, readonly unknown[]>>;

/** One value of each factor. */
export type Combination<F extends Factors> = { readonly [K in keyof F]: F[K][number] };

/** What need not or cannot be combined. */
export interface PairwiseOptions<F extends Factors> {
  /** Pairs of factors that do not affect each other: not every pair of their values is covered. */
  readonly independent?: readonly (readonly [keyof F & string, keyof F & string])[];
  /** Whether a combination makes sense; without it each does. */
  readonly possible?: (combination: Combination<F>) => boolean;
}

interface Pair {
  readonly first: string;
  readonly second: string;
  readonly values: readonly [unknown, unknown];
}

/**
 * Chooses few combinations in which every value of a factor meets every value of each other factor at least once:
 * most faults need no more than two values together. The same factors give the same combinations every time.
 */
export function pairwise<const F extends Factors>(
  factors: F,
  { independent = [], possible = () => true }: PairwiseOptions<F> = {},
): Combination<F>[] {
  const all = everyCombination(factors).filter(possible);
  const related = relatedNames(Object.keys(factors), independent);
  const covers = (combination: Combination<F>, { first, second, values }: Pair) =>
    combination[first] === values[0] && combination[second] === values[1];
  let missing = related
    .flatMap(([first, second]) => pairsOf(factors, first, second))
    .filter((pair) => all.some((combination) => covers(combination, pair)));
  const uses = new Map<unknown, number>();
  const chosen: Combination<F>[] = [];
  while (missing.length > 0) {
    const gain = (combination: Combination<F>) => missing.filter((pair) => covers(combination, pair)).length;
    // Of combinations that cover as much, takes the one whose values were used least, so that all values are used.
    const used = (combination: Combination<F>) =>
      Object.values(combination).reduce((sum: number, value) => sum + (uses.get(value) ?? 0), 0);
    const next = all
      .map((combination) => ({ combination, gain: gain(combination), used: used(combination) }))
      .reduce((best, each) =>
        each.gain > best.gain || (each.gain === best.gain && each.used < best.used) ? each : best,
      ).combination;
    for (const value of Object.values(next)) uses.set(value, (uses.get(value) ?? 0) + 1);
    missing = missing.filter((pair) => !covers(next, pair));
    chosen.push(next);
  }
  return chosen;
}

function everyCombination<F extends Factors>(factors: F): Combination<F>[] {
  let found: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(factors)) {
    found = found.flatMap((combination) => values.map((value) => ({ ...combination, [name]: value })));
  }
  return found as Combination<F>[];
}

function relatedNames(
  names: readonly string[],
  independent: readonly (readonly [string, string])[],
): [string, string][] {
  const apart = (first: string, second: string) =>
    first !== second && independent.some((pair) => pair.includes(first) && pair.includes(second));
  // A factor is paired with itself, too, so that each of its values is there even if it is independent of all others.
  return names.flatMap((first, index) =>
    names
      .slice(index)
      .filter((second) => !apart(first, second))
      .map((second): [string, string] => [first, second]),
  );
}

function pairsOf(factors: Factors, first: string, second: string): Pair[] {
  const others = factors[second] ?? [];
  return (factors[first] ?? []).flatMap((value) =>
    others.map((other): Pair => ({ first, second, values: [value, other] })),
  );
}
