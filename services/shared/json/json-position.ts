import { malformedJson, UnreadableJson } from './unreadable-json.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** How large a document may be. */
export interface PositionLimits {
  /** How deep objects and arrays may nest. */
  readonly depth: number;
  /** The maximum number of values, counted by commas and opening brackets. */
  readonly values: number;
  /** The maximum number of members of the values at the top level, by their keys. */
  readonly members?: ReadonlyMap<string, number> | undefined;
}

/**
 * Tracks the position in a JSON document, just enough to know the keys that lead to a string. A parser checks later
 * that the document is valid JSON.
 */
export class JsonPosition {
  /** The keys that lead to the current value; changes with every `advance`. */
  readonly path: string[] = [];
  readonly #isObject: boolean[] = [];
  readonly #depth: number;
  readonly #values: number;
  readonly #members: ReadonlyMap<string, number>;
  #seen = 0;
  /** The members of the current value at the top level, and how many it may have. */
  #counted = 0;
  #most = Number.POSITIVE_INFINITY;
  #atKey = false;
  #inString = false;
  #escaped = false;
  #key: Buffer[] | undefined;

  constructor({ depth, values, members = new Map() }: PositionLimits) {
    this.#depth = depth;
    this.#values = values;
    this.#members = members;
  }

  /**
   * Advances from `at` to the chunk's end, or past the opening quote of a string value for which `stop` is true.
   */
  advance(chunk: Uint8Array, at: number, stop: () => boolean): { at: number; stopped: boolean } {
    let position = at;
    while (position < chunk.byteLength) {
      if (this.#inString) {
        position = this.#skipString(chunk, position);
        continue;
      }
      const byte = chunk[position++];
      if (byte !== QUOTE) {
        this.#structure(byte);
        continue;
      }
      this.#inString = true;
      if (this.#atKey) this.#key = [];
      else if (stop()) return { at: position, stopped: true };
    }
    return { at: position, stopped: false };
  }

  /**
   * Continues after the string that `advance` stopped at, once its content and closing quote were read elsewhere.
   */
  leaveString(): void {
    this.#inString = false;
  }

  #skipString(chunk: Uint8Array, at: number): number {
    let end = at;
    for (; end < chunk.byteLength; end++) {
      const byte = chunk[end];
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) break;
    }
    this.#key?.push(Buffer.from(chunk.subarray(at, end)));
    if (end === chunk.byteLength) return end;
    this.#inString = false;
    if (this.#key) this.#endKey(Buffer.concat(this.#key).toString());
    return end + 1;
  }

  #endKey(text: string): void {
    try {
      this.path[this.path.length - 1] = JSON.parse(`"${text}"`) as string;
    } catch (error) {
      throw malformedJson('a key is not a string', error);
    }
    this.#key = undefined;
    this.#atKey = false;
  }

  #structure(byte: number | undefined): void {
    if (byte === COMMA) {
      this.#count();
      if (this.#isObject.length === 2) this.#countMember();
      this.#atKey = this.#isObject.at(-1) ?? false;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte === OPEN_OBJECT);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#close();
  }

  #count(): void {
    if (++this.#seen <= this.#values) return;
    throw new UnreadableJson('too-many', `the document has more than ${this.#values} values`);
  }

  #countMember(): void {
    if (++this.#counted <= this.#most) return;
    throw new UnreadableJson('too-many', `"${this.path[0]}" has more than ${this.#most} members`);
  }

  #open(isObject: boolean): void {
    this.#count();
    if (this.#isObject.length >= this.#depth) {
      throw new UnreadableJson('too-deep', `the document is nested more than ${this.#depth} levels deep`);
    }
    if (this.#isObject.length === 1) {
      this.#most = this.#members.get(this.path[0] ?? '') ?? Number.POSITIVE_INFINITY;
      this.#counted = 1;
    }
    this.#isObject.push(isObject);
    if (isObject) this.path.push('');
    this.#atKey = isObject;
  }

  #close(): void {
    const isObject = this.#isObject.pop();
    if (isObject === undefined) throw malformedJson('there is a closing bracket without an opening one');
    if (isObject) this.path.pop();
    this.#atKey = false;
  }
}
