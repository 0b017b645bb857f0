import { RE2JS } from 're2js';

/** The longest expression a user may set. */
export const MAX_PATTERN = 255;

/** Whether a text is an RE2 expression that we accept. */
export function isPattern(text: string): boolean {
  if (text.length > MAX_PATTERN) return false;
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether an RE2 expression matches the whole of a text, in time linear in the text. */
export function matchesWhole(pattern: string, text: string): boolean {
  return RE2JS.compile(pattern).matches(text);
}
