/** A word of a search text, in lower case, and the field before it (`tag:json`); undefined if it has none. */
export interface SearchTerm {
  readonly field: string | undefined;
  /** Empty if nothing follows the field. */
  readonly value: string;
}

/** Whether a thing meets the condition of a field, with a value in lower case that is not empty. */
export type Condition<T> = (thing: T, value: string) => boolean;

/** What a search text asks for. */
export interface Search<T> {
  readonly words: readonly string[];
  /** All of them must be met. */
  readonly conditions: readonly ((thing: T) => boolean)[];
}

/** The most fields in a search text: each is compared with everything that is searched. */
const MAX_FIELDS = 20;

const TOKEN = /"(?<quoted>[^"]*)"?|(?<field>[^\s":]+):|(?<word>[^\s":]+)/g;

/** Splits a search text into words and quoted texts, with the fields before them. */
export function searchTerms(text: string): SearchTerm[] {
  const terms: SearchTerm[] = [];
  let field: string | undefined;
  const end = (value: string) => {
    terms.push({ field, value });
    field = undefined;
  };
  for (const { groups = {} } of text.toLowerCase().matchAll(TOKEN)) {
    if (groups.field === undefined) end(groups.word ?? groups.quoted?.trim() ?? '');
    else {
      if (field !== undefined) end('');
      field = groups.field;
    }
  }
  if (field !== undefined) end('');
  // A text of colons only.
  if (terms.length === 0 && text.trim() !== '') end(text.trim());
  return terms;
}

/**
 * Separates words from conditions. A field without a value is met by nothing, and so is a text with too many fields. An
 * unknown field is a word like its value.
 */
export function searchOf<T>(
  terms: readonly SearchTerm[],
  fields: ReadonlyMap<string, Condition<T>>,
): Search<T> {
  const words: string[] = [];
  const conditions: ((thing: T) => boolean)[] = [];
  for (const { field, value } of terms) {
    const condition = field === undefined ? undefined : fields.get(field);
    if (field === undefined) words.push(value);
    else if (value === '') conditions.push(() => false);
    else if (condition) conditions.push((thing) => condition(thing, value));
    else words.push(field, value);
  }
  if (conditions.length > MAX_FIELDS) conditions.push(() => false);
  return { words: words.filter((word) => word !== ''), conditions };
}
