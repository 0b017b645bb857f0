import type { FormatRules } from '../../services/domain/format-rules.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { toy } from './toy-format/format.ts';

/** The rules of a format, or of the toy format, as requests get them. */
export function rulesOf(id: string): FormatRules {
  const rules = [...allFormats, toy].find((format) => format.id === id);
  if (!rules) throw new TypeError(`there is no format ${id}`);
  return rules;
}
