import { RE2JS } from 're2js';

/** The maximum length of a user's expression. */
export const MAX_PATTERN = 255;

/** Whether a text is a valid RE2 expression of acceptable length. */
export function isPattern(text: string): boolean {
  if (text.length > MAX_PATTERN) return false;
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether an RE2 expression matches the whole text, in linear time. */
export function matchesWhole(pattern: string, text: string): boolean {
  return RE2JS.compile(pattern).matches(text);
}
