/**
 * Merges sorted sequences into one sorted sequence. Reads the first value of every sequence, and after that only from
 * the sequence whose value was taken.
 */
export async function* mergeSorted<T>(
  sequences: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T> {
  const [only] = sequences;
  if (only && sequences.length === 1) {
    yield* only;
    return;
  }
  const iterators = sequences.map((each) => each[Symbol.asyncIterator]());
  try {
    const heads = (await Promise.all(iterators.map(headOf))).filter((head) => head !== undefined);
    while (heads.length > 0) {
      let first = 0;
      for (let index = 1; index < heads.length; index++) {
        if (compare(valueAt(heads, index), valueAt(heads, first)) < 0) first = index;
      }
      const { iterator, value } = heads[first] as Head<T>;
      yield value;
      const next = await headOf(iterator);
      if (next) heads[first] = next;
      else heads.splice(first, 1);
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

interface Head<T> {
  readonly iterator: AsyncIterator<T>;
  readonly value: T;
}

async function headOf<T>(iterator: AsyncIterator<T>): Promise<Head<T> | undefined> {
  const { done, value } = await iterator.next();
  return done ? undefined : { iterator, value };
}

function valueAt<T>(heads: readonly Head<T>[], index: number): T {
  return (heads[index] as Head<T>).value;
}

/** Groups a sequence into arrays of `size` values; the last one may have fewer. */
export async function* inChunks<T>(values: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const value of values) {
    chunk.push(value);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
