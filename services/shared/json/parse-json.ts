import { JsonPosition } from './json-position.ts';
import { malformedJson } from './unreadable-json.ts';

/** Limits on a JSON text. */
export interface JsonLimits {
  /** The maximum number of values, counted by commas and opening brackets. */
  readonly values: number;
  /** How deep objects and arrays may nest; 64 by default. */
  readonly depth?: number;
}

/**
 * Parses a JSON text. Its values are counted first, so that a text of many tiny values, which take twenty times
 * their bytes in memory, is refused before it is parsed.
 * @throws UnreadableJson
 */
export function parseJson(text: string, { values, depth = 64 }: JsonLimits): unknown {
  new JsonPosition({ values, depth }).advance(Buffer.from(text), 0, () => false);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedJson((error as Error).message, error);
  }
}
