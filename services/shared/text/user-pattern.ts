import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { patternSize } from './pattern-size.ts';

/** The maximum length of a user's expression, in characters. */
const MAX_LENGTH = 255;

/**
 * The maximum number of instructions that a user's expression may compile to. Without counted repetitions, few
 * expressions come near it. The time of a match grows with the length of the text times this number.
 */
const MAX_PROGRAM = 300;

const TOO_LARGE = 'repeats too much: numbers of repetitions must be smaller';

/** How many compiled expressions are kept. Each may take some megabytes once it has been used. */
const MAX_KEPT = 16;

/** An expression that is ready to use, or why it can't be used. */
type Compiled = { readonly program: RE2JS } | { readonly problem: string };

const compiled = new LRUCache<string, Compiled>({ max: MAX_KEPT });

/** Why a text can't be used as an expression, to follow the name of a field; undefined if it can. */
export function patternProblem(text: string): string | undefined {
  const found = compile(text);
  return 'problem' in found ? found.problem : undefined;
}

/**
 * Whether an RE2 expression matches the whole text. The time is limited: it is linear in the text, and the size of
 * expressions is bounded. An expression that can't be used matches nothing.
 */
export function matchesWhole(pattern: string, text: string): boolean {
  const found = compile(pattern);
  return 'program' in found && found.program.matches(text);
}

function compile(source: string): Compiled {
  const known = compiled.get(source);
  if (known) return known;
  const made = compileNew(source);
  // Long texts are refused at once, and would only fill the memory.
  if (source.length <= MAX_LENGTH) compiled.set(source, made);
  return made;
}

function compileNew(source: string): Compiled {
  if (source.length > MAX_LENGTH) return { problem: `is longer than ${MAX_LENGTH} characters` };
  if (patternSize(source) > MAX_PROGRAM) return { problem: TOO_LARGE };
  try {
    const program = RE2JS.compile(source);
    return program.programSize() > MAX_PROGRAM ? { problem: TOO_LARGE } : { program };
  } catch {
    return { problem: 'is not an RE2 expression' };
  }
}
