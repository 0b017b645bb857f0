import { invalidPackage } from '../../../domain/errors.ts';

/** Core metadata (METADATA of a wheel, PKG-INFO of a source distribution), as far as a registry needs to know it. */
export interface CoreMetadata {
  readonly name: string;
  readonly version: string;
  /** Empty when there is none. */
  readonly requiresPython: string;
  /** The description for people to read, or empty. */
  readonly description: string;
  /** The values of a field, by its name in lower case. */
  values(field: string): readonly string[];
}

/** The longest `Requires-Python`. */
const MAX_REQUIRES_PYTHON = 500;

/**
 * Reads core metadata: header lines as in email, then the description. The same parts count that installers look at.
 * @param file what it is called in errors
 * @throws RegistryError `invalidPackage`
 */
export function readCoreMetadata(bytes: Uint8Array, file: string): CoreMetadata {
  const { fields, body } = splitHeaders(new TextDecoder().decode(bytes));
  const values = (field: string) => fields.get(field) ?? [];
  const only = (field: string) => {
    const [value = '', ...more] = values(field);
    if (more.length > 0) throw invalidPackage(`${file} has more than one ${title(field)}`);
    return value;
  };
  const required = (field: string) => {
    const value = only(field);
    if (value === '') throw invalidPackage(`${file} has no ${title(field)}`);
    return value;
  };
  const requiresPython = only('requires-python');
  if (requiresPython.length > MAX_REQUIRES_PYTHON || /[^\x20-\x7e]/.test(requiresPython)) {
    throw invalidPackage(
      `Requires-Python in ${file} is not a version specifier of at most ${MAX_REQUIRES_PYTHON} characters`,
    );
  }
  const [name, version] = [required('name'), required('version')];
  required('metadata-version');
  return {
    name,
    version,
    requiresPython,
    description: body.trim() === '' ? unfolded(only('description')) : body,
    values,
  };
}

/**
 * A line that is neither a header nor goes on with one ends the headers, as an empty line does. Lines end where Python's
 * email parser ends them: at a line feed, a carriage return, or both, and nowhere else.
 */
function splitHeaders(text: string): { fields: ReadonlyMap<string, readonly string[]>; body: string } {
  const fields = new Map<string, string[]>();
  const lineBreak = /\r\n?|\n/g;
  let current: string[] | undefined;
  let at = 0;
  while (at < text.length) {
    const found = lineBreak.exec(text);
    const next = found ? lineBreak.lastIndex : text.length;
    const line = text.slice(at, found?.index ?? text.length);
    const name = headerName(line);
    if (current && (line.startsWith(' ') || line.startsWith('\t'))) {
      current.push(`${current.pop() ?? ''}\n${line}`);
    } else if (name !== undefined) {
      current = fields.get(name.toLowerCase()) ?? [];
      current.push(line.slice(name.length + 1));
      fields.set(name.toLowerCase(), current);
    } else {
      return { fields: trimmed(fields), body: text.slice(line === '' ? next : at) };
    }
    at = next;
  }
  return { fields: trimmed(fields), body: '' };
}

/** The name before the colon of a header; undefined when the line is none. */
function headerName(line: string): string | undefined {
  const name = line.slice(0, Math.max(line.indexOf(':'), 0));
  return /^[!-9;-~]+$/.test(name) ? name : undefined;
}

function trimmed(fields: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  return new Map([...fields].map(([name, values]) => [name, values.map((value) => value.trim())]));
}

/** A description in a header has a mark before each of its lines but the first. */
function unfolded(text: string): string {
  return text.replaceAll(/\n {7} ?\|?/g, '\n').replaceAll(/\n[ \t]+\|/g, '\n');
}

function title(field: string): string {
  return field.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
