/**
 * OData's filter expressions (https://www.odata.org/documentation/odata-version-2-0/uri-conventions/, section
 * 4.5), as far as clients use them: comparisons, `and`, `or`, `not`, and string functions.
 */

/** Thrown for a filter that is invalid or uses an unsupported feature; the message says where. */
export class UnreadableFilter extends Error {
  override readonly name = 'UnreadableFilter';
}

/** The value of an expression. Times are ISO texts. */
export type FilterValue = string | number | boolean | null;

/** A parsed expression. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: FilterValue }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'call' | 'operator'; readonly name: string; readonly parts: readonly Expression[] };

const MAX_LENGTH = 8000;
const MAX_DEPTH = 50;

/** The most names, values and operators of a filter: it is evaluated for every version. */
const MAX_WORDS = 150;

const TOKEN =
  /\s*(?:datetime(?:offset)?'(?<time>[^']*)'|'(?<text>(?:[^']|'')*)'|(?<number>-?\d+(?:\.\d+)?)[lmfd]?\b|(?<word>[a-z_]\w*)|(?<mark>[(),]))\s*/iy;

type Token = Readonly<Record<'time' | 'text' | 'number' | 'word' | 'mark', string | undefined>>;

const constants = new Map<string, FilterValue>([
  ['null', null],
  ['true', true],
  ['false', false],
]);
const comparisons = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

type Apply = (...parts: FilterValue[]) => FilterValue;

/** The supported functions, and how many parts each takes. Like `eq`, they ignore case. */
const functions: Readonly<Record<string, readonly [parts: readonly number[], Apply]>> = {
  tolower: [[1], (text) => textOf(text).toLowerCase()],
  toupper: [[1], (text) => textOf(text).toUpperCase()],
  trim: [[1], (text) => textOf(text).trim()],
  length: [[1], (text) => textOf(text).length],
  substringof: [[2], (part, text) => lowerOf(text).includes(lowerOf(part))],
  startswith: [[2], (text, start) => lowerOf(text).startsWith(lowerOf(start))],
  endswith: [[2], (text, end) => lowerOf(text).endsWith(lowerOf(end))],
  indexof: [[2], (text, part) => lowerOf(text).indexOf(lowerOf(part))],
  substring: [
    [2, 3],
    (text, start, length = textOf(text).length) =>
      textOf(text).slice(Math.max(0, Number(start)), Math.max(0, Number(start)) + Number(length)),
  ],
};

/**
 * Parses a `$filter`.
 * @throws UnreadableFilter
 */
export function parseFilter(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new UnreadableFilter(`$filter is longer than ${MAX_LENGTH} characters`);
  const tokens = tokensOf(text);
  if (tokens.filter(({ mark }) => mark === undefined).length > MAX_WORDS)
    throw new UnreadableFilter(`$filter has more than ${MAX_WORDS} names, values and operators`);
  let at = 0;
  let depth = 0;
  const next = (): Token | undefined => tokens[at];
  const isWord = (word: string) => next()?.word === word;
  const take = (mark: string) => {
    if (next()?.mark !== mark) throw new UnreadableFilter(`$filter is invalid: "${mark}" is missing`);
    at++;
  };

  function chain(word: string, part: () => Expression): Expression {
    const parts = [part()];
    while (isWord(word)) {
      at++;
      parts.push(part());
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'operator', name: word, parts };
  }
  function whole(): Expression {
    if (++depth > MAX_DEPTH)
      throw new UnreadableFilter(`$filter is nested more than ${MAX_DEPTH} levels deep`);
    const expression = chain('or', () => chain('and', negation));
    depth--;
    return expression;
  }
  function negation(): Expression {
    let negated = false;
    for (; isWord('not'); at++) negated = !negated;
    const expression = comparison();
    return negated ? { kind: 'operator', name: 'not', parts: [expression] } : expression;
  }
  function comparison(): Expression {
    const left = value();
    const operator = next()?.word ?? '';
    if (!comparisons.has(operator)) return left;
    at++;
    return { kind: 'operator', name: operator, parts: [left, value()] };
  }
  function value(): Expression {
    const token = next();
    if (!token) throw new UnreadableFilter('$filter ends unexpectedly');
    if (token.mark === '(') {
      at++;
      const expression = whole();
      take(')');
      return expression;
    }
    at++;
    const literal = literalOf(token);
    if (literal !== undefined) return { kind: 'literal', value: literal };
    const { word } = token;
    if (word === undefined) throw new UnreadableFilter(`$filter is invalid at "${token.mark}"`);
    return next()?.mark === '(' ? call(word) : { kind: 'property', name: word };
  }
  function call(name: string): Expression {
    if (!Object.hasOwn(functions, name))
      throw new UnreadableFilter(`$filter uses the unsupported function "${name}"`);
    take('(');
    const parts = [whole()];
    while (next()?.mark === ',') {
      at++;
      parts.push(whole());
    }
    take(')');
    if (!functions[name]?.[0].includes(parts.length))
      throw new UnreadableFilter(`$filter has a wrong number of parts for the function "${name}"`);
    return { kind: 'call', name, parts };
  }

  const expression = whole();
  if (at < tokens.length) throw new UnreadableFilter('$filter has unexpected text after its end');
  return expression;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const found = pattern.exec(text);
    if (!found) throw new UnreadableFilter(`$filter is invalid at "${text.slice(start, start + 20)}"`);
    tokens.push(found.groups as Token);
  }
  return tokens;
}

/** The value of a literal; undefined for other tokens. */
function literalOf({ text, time, number, word }: Token): FilterValue | undefined {
  if (text !== undefined) return text.replaceAll("''", "'");
  if (number !== undefined) return Number(number);
  if (time === undefined) return word === undefined ? undefined : constants.get(word);
  if (millisecondsOf(time) === undefined)
    throw new UnreadableFilter(`$filter has the invalid time '${time}'`);
  return time;
}

/** The item that a filter is evaluated for. */
export interface FilteredThing {
  /** The value of a property; undefined if there is no such property. */
  property(name: string): FilterValue | undefined;
  /** Compares two values of a property with a special order; undefined for other properties. */
  readonly compare?: (property: string, left: FilterValue, right: FilterValue) => number | undefined;
}

/**
 * Evaluates an expression for an item.
 * @throws UnreadableFilter if it uses a property that the item does not have
 */
export function evaluate(expression: Expression, thing: FilteredThing): FilterValue {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'property') {
    const value = thing.property(expression.name);
    if (value === undefined)
      throw new UnreadableFilter(`$filter uses the unknown property "${expression.name}"`);
    return value;
  }
  const { name, parts } = expression;
  const holds = (part: Expression) => evaluate(part, thing) === true;
  if (name === 'and') return parts.every(holds);
  if (name === 'or') return parts.some(holds);
  if (name === 'not') return !parts.some(holds);
  const values = parts.map((part) => evaluate(part, thing));
  if (expression.kind === 'call') return functions[name]?.[1](...values) ?? null;
  const [left = null, right = null] = values;
  const property = parts.find((part) => part.kind === 'property')?.name ?? '';
  return compare(name, left, right, thing.compare?.(property, left, right) ?? orderOf(left, right));
}

function compare(
  operator: string,
  left: FilterValue,
  right: FilterValue,
  order: number | undefined,
): boolean {
  if (operator === 'eq') return order === 0;
  if (operator === 'ne') return order !== 0;
  if (left === null || right === null || order === undefined) return false;
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}

/** Compares two values, texts without regard to case. Returns undefined for values of different types. */
export function orderOf(left: FilterValue, right: FilterValue): number | undefined {
  const [a, b] = [left, right].map((value) => (typeof value === 'string' ? value.toLowerCase() : value));
  if (a === b) return 0;
  if (typeof a !== typeof b || a == null || b == null) return undefined;
  return a < b ? -1 : 1;
}

/** The milliseconds since the epoch of a time; in UTC unless it says otherwise. Undefined if it is invalid. */
export function millisecondsOf(time: string): number | undefined {
  const zoned = /T[^Z+-]*$/i.test(time) ? `${time}Z` : time;
  const milliseconds = /^\d{4}-\d{2}-\d{2}(?:T|$)/i.test(zoned) ? Date.parse(zoned) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function lowerOf(value: FilterValue | undefined): string {
  return textOf(value).toLowerCase();
}

function textOf(value: FilterValue | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

/**
 * The values, in lower case, of which a property must have one for the expression to be true; undefined if any
 * value may do.
 */
export function valuesIn(expression: Expression, property: string): ReadonlySet<string> | undefined {
  if (expression.kind !== 'operator') return undefined;
  const { name, parts } = expression;
  const sets = parts.map((part) => valuesIn(part, property));
  if (name === 'and') return sets.find((values) => values !== undefined);
  if (name === 'or') {
    if (sets.some((values) => values === undefined)) return undefined;
    return new Set(sets.flatMap((values) => [...(values ?? [])]));
  }
  const literal = parts.find((part) => part.kind === 'literal')?.value;
  const isMatch = parts.some((part) => isProperty(part, property));
  return name === 'eq' && isMatch && typeof literal === 'string'
    ? new Set([literal.toLowerCase()])
    : undefined;
}

function isProperty(part: Expression, property: string): boolean {
  if (part.kind === 'property') return part.name === property;
  return (
    part.kind === 'call' && part.name === 'tolower' && part.parts.some((each) => isProperty(each, property))
  );
}
