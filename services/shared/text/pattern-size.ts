/** The parts of an RE2 expression that matter for its size. */
const TOKEN = new RegExp(
  [
    String.raw`\\Q(?<literal>.*?)(?:\\E|$)`,
    String.raw`(?<escape>\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|[0-9a-fA-F]{2})|[0-7]{1,3}|.))`,
    // A first `]` in a class is a character, and `[:alpha:]` a name.
    String.raw`(?<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])`,
    String.raw`(?<flags>\(\?[\w-]*\))`,
    String.raw`(?<open>\((?:\?(?:P?<[^>]*>|[\w-]*:))?)`,
    String.raw`(?<close>\))`,
    String.raw`(?<or>\|)`,
    '(?<repeat>[*+?])',
    String.raw`\{(?<min>\d+)(?<range>,(?<max>\d*))?\}`,
    '.',
  ].join('|'),
  'gsu',
);

/** The sizes in a group, or in the whole expression: of what a repetition applies to, and of what comes before it. */
interface Level {
  before: number;
  last: number;
}

/**
 * Estimates how many instructions an RE2 expression compiles to, without compiling it: repetitions such as `a{3,9}`
 * are expanded, so that a few characters can make a program of any size. The actual size is at most about 1.3 times
 * the estimate. The expression need not be valid.
 */
export function patternSize(source: string): number {
  const levels: Level[] = [{ before: 0, last: 0 }];
  for (const { groups = {} } of source.matchAll(TOKEN)) {
    if (groups.open !== undefined) levels.push({ before: 2, last: 0 });
    else if (groups.close !== undefined) closeGroup(levels);
    else apply(groups, levels.at(-1) ?? { before: 0, last: 0 });
  }
  return levels.reduce((sum, level) => sum + sizeOf(level), 0);
}

function closeGroup(levels: Level[]): void {
  const inner = levels.length > 1 ? levels.pop() : undefined;
  const outer = levels.at(-1);
  if (inner && outer) add(outer, sizeOf(inner));
}

function apply(token: Readonly<Record<string, string | undefined>>, level: Level): void {
  const { flags, literal, or, repeat, min, range, max } = token;
  if (flags !== undefined) return; // a repetition after it applies to what is before it
  if (repeat !== undefined) level.last += 1;
  else if (min !== undefined) level.last = repeated(level.last, Number(min), range === undefined ? min : max);
  else if (literal === undefined) add(level, or === undefined ? 1 : 2);
  else for (const _ of literal) add(level, 1);
}

/** RE2 writes what is repeated as often as the highest number says, or once more than the lowest without one. */
function repeated(size: number, min: number, max: string | undefined): number {
  if (max === undefined || max === '') return size * Math.max(min, 1) + 1;
  return size * Number(max) + Math.max(Number(max) - min, 0);
}

function add(level: Level, size: number): void {
  level.before += level.last;
  level.last = size;
}

function sizeOf({ before, last }: Level): number {
  return before + last;
}
