/** A word of a search text, in lower case, and the field before it (`tag:json`); undefined if it has none. */
export interface SearchTerm {
  readonly field: string | undefined;
  /** Empty if nothing follows the field. */
  readonly value: string;
}

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
  return terms;
}
