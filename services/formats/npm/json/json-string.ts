import { malformedJson } from '../../../shared/json/unreadable-json.ts';

/** The state of decoding a string, which may be split into chunks anywhere, even inside an escape. */
export interface StringState {
  closed: boolean;
  /** The characters of an incomplete escape after its backslash; undefined outside of one. */
  escape: string | undefined;
  /** A high surrogate whose low surrogate is still to come. */
  high: number | undefined;
}

/** The state at the start of a string, after its opening quote. */
export function newStringState(): StringState {
  return { closed: false, escape: undefined, high: undefined };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const REPLACEMENT = 0xfffd;
const simple: Readonly<Record<string, number>> = {
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
};

/**
 * Decodes the part of a string in a chunk, from `at` on. Returns its bytes as UTF-8 with escapes resolved, and the
 * position after them (and after the closing quote, which sets `closed`).
 */
export function decodeString(
  chunk: Uint8Array,
  at: number,
  state: StringState,
): { bytes: Uint8Array; at: number } {
  const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const quote = view.indexOf(QUOTE, at);
  const end = quote < 0 ? view.byteLength : quote;
  const backslash = view.indexOf(BACKSLASH, at);
  const plain = state.escape === undefined && state.high === undefined;
  if (plain && (backslash < 0 || backslash > end)) {
    state.closed = quote >= 0;
    return { bytes: chunk.subarray(at, end), at: state.closed ? end + 1 : end };
  }
  return decodeEscaped(chunk, at, state);
}

function decodeEscaped(chunk: Uint8Array, at: number, state: StringState): { bytes: Uint8Array; at: number } {
  const out = new Output(chunk.byteLength - at + 8);
  let position = at;
  while (position < chunk.byteLength) {
    if (state.escape !== undefined) {
      resolveEscape(String.fromCharCode(chunk[position++] as number), state, out);
      continue;
    }
    const start = position;
    while (position < chunk.byteLength && chunk[position] !== QUOTE && chunk[position] !== BACKSLASH) {
      position++;
    }
    if (position > start) {
      flushHigh(state, out);
      out.copy(chunk.subarray(start, position));
    }
    if (position === chunk.byteLength) break;
    if (chunk[position++] === BACKSLASH) {
      state.escape = '';
    } else {
      flushHigh(state, out);
      state.closed = true;
      break;
    }
  }
  return { bytes: out.bytes(), at: position };
}

function resolveEscape(character: string, state: StringState, out: Output): void {
  const seen = `${state.escape}${character}`;
  if (seen.startsWith('u')) {
    if (!/^u[0-9a-fA-F]*$/.test(seen)) throw malformedJson(`\\${seen} is no escape`);
    state.escape = seen;
    if (seen.length < 5) return;
    state.escape = undefined;
    codeUnit(Number.parseInt(seen.slice(1), 16), state, out);
    return;
  }
  const byte = simple[seen];
  if (byte === undefined) throw malformedJson(`\\${seen} is no escape`);
  state.escape = undefined;
  codeUnit(byte, state, out);
}

function codeUnit(unit: number, state: StringState, out: Output): void {
  if (state.high !== undefined && unit >= 0xdc00 && unit <= 0xdfff) {
    out.codePoint(0x10000 + ((state.high - 0xd800) << 10) + (unit - 0xdc00));
    state.high = undefined;
    return;
  }
  flushHigh(state, out);
  if (unit >= 0xd800 && unit <= 0xdbff) state.high = unit;
  else out.codePoint(unit >= 0xdc00 && unit <= 0xdfff ? REPLACEMENT : unit);
}

function flushHigh(state: StringState, out: Output): void {
  if (state.high === undefined) return;
  state.high = undefined;
  out.codePoint(REPLACEMENT);
}

class Output {
  readonly #buffer: Buffer;
  #size = 0;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  copy(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.byteLength;
  }

  codePoint(point: number): void {
    this.#size += this.#buffer.write(String.fromCodePoint(point), this.#size);
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }
}
