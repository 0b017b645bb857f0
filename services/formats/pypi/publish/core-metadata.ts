import { invalidPackage } from '../../../domain/errors.ts';
import { areSpecifiers } from '../specifiers.ts';

/** The core metadata (a wheel's METADATA, a source distribution's PKG-INFO) that the registry needs. */
export interface CoreMetadata {
  readonly name: string;
  readonly version: string;
  /** Empty if absent. */
  readonly requiresPython: string;
  /** The long description; empty if absent. */
  readonly description: string;
  /** The values of a field. @param field its name in lower case */
  values(field: string): readonly string[];
}

/** The longest `Requires-Python`, in characters. */
const MAX_REQUIRES_PYTHON = 500;

/** The maximum number of lines in the headers: each dependency is one, and old files have their description there. */
const MAX_LINES = 20_000;

/**
 * Reads core metadata: headers as in email, then the description. It is read as installers read it.
 * @param file the file's name in error messages
 * @throws RegistryError `invalidPackage`
 */
export function readCoreMetadata(bytes: Uint8Array, file: string): CoreMetadata {
  const { fields, body } = splitHeaders(new TextDecoder().decode(bytes), file);
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
  // A folded header continues on the next line, with the line breaks not being part of it (RFC 5322).
  const requiresPython = only('requires-python').replaceAll(/\n[ \t]*/g, ' ');
  if (requiresPython.length > MAX_REQUIRES_PYTHON || !areSpecifiers(requiresPython)) {
    const shown = requiresPython.slice(0, 100).toWellFormed();
    throw invalidPackage(
      `Requires-Python in ${file} is "${shown}", which does not consist of version specifiers of at most ` +
        `${MAX_REQUIRES_PYTHON} characters: see https://packaging.python.org/specifications/version-specifiers`,
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
 * The headers end at an empty line, or at a line that is neither a header nor a continuation. Lines end where
 * Python's email parser ends them: at a line feed, a carriage return, or both, and nowhere else.
 */
function splitHeaders(
  text: string,
  file: string,
): { fields: ReadonlyMap<string, readonly string[]>; body: string } {
  const fields = new Map<string, string[]>();
  const lineBreak = /\r\n?|\n/g;
  let current: string[] | undefined;
  let at = 0;
  for (let lines = 0; at < text.length; lines++) {
    if (lines >= MAX_LINES) throw invalidPackage(`${file} has more than ${MAX_LINES} lines of headers`);
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

/** The name before the colon of a header; undefined if the line is not a header. */
function headerName(line: string): string | undefined {
  const name = line.slice(0, Math.max(line.indexOf(':'), 0));
  return /^[!-9;-~]+$/.test(name) ? name : undefined;
}

function trimmed(fields: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  return new Map([...fields].map(([name, values]) => [name, values.map((value) => value.trim())]));
}

/** Removes the indentation and bars that precede the continuation lines of a description in a header. */
function unfolded(text: string): string {
  return text.replaceAll(/\n {7} ?\|?/g, '\n').replaceAll(/\n[ \t]+\|/g, '\n');
}

function title(field: string): string {
  return field.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}
