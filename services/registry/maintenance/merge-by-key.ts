/** An entry that is identified and sorted by a key. */
export interface Keyed {
  readonly key: string;
}

/** The entries of several sources for one key, in the order of the sources. */
export interface Merged<S extends readonly Keyed[]> {
  readonly key: string;
  readonly found: { readonly [I in keyof S]: S[I] | undefined };
}

/** Merges sources that are sorted by key: yields each key once, with the entry of each source. */
export async function* mergeByKey<S extends readonly Keyed[]>(
  sources: {
    readonly [I in keyof S]: AsyncIterable<S[I]>;
  },
): AsyncGenerator<Merged<S>> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      const key = heads
        .flatMap((head) => (head.done ? [] : [head.value.key]))
        .reduce<string | undefined>(
          (least, each) => (least === undefined || each < least ? each : least),
          undefined,
        );
      if (key === undefined) return;
      const matches = heads.map((head) => !head.done && head.value.key === key);
      const found = heads.map((head, index) => (matches[index] ? head.value : undefined));
      yield { key, found: found as unknown as Merged<S>['found'] };
      for (const [index, iterator] of iterators.entries()) {
        if (matches[index]) heads[index] = await iterator.next();
      }
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

/** Groups the entries of a source in batches of `size`; the last batch may be smaller. */
export async function* inBatches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const each of source) {
    batch.push(each);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
