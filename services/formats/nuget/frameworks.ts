/**
 * The parts of a version in a framework's name: .NET's Version, after an optional `v`. One number may stand alone.
 */
const VERSION = /^v*\d{1,10}(?:\.\d{1,10}){0,3}$/i;

/** .NET's largest Int32. */
const MAX_NUMBER = 2 ** 31 - 1;

/** The longest name of a framework, in characters. */
const MAX_LENGTH = 500;

/**
 * Whether NuGet can parse the name of a target framework: `net8.0`, `.NETFramework,Version=v4.5,Profile=Client`,
 * `portable-net45+win8`. Unknown frameworks are fine, since clients ignore them. A client that can't parse a name
 * stops reading the whole index (`NuGetFramework.Parse` throws).
 */
export function isFramework(text: string): boolean {
  if (text.length > MAX_LENGTH || /[^\x20-\x7e]/.test(text)) return false;
  return text.includes(',') ? isLongName(text) : isShortName(text);
}

function isLongName(text: string): boolean {
  const [name = '', ...parts] = text.split(',').map((part) => part.trim());
  const valuesOf = (key: string) =>
    parts.filter((part) => part.toLowerCase().startsWith(key)).map((part) => part.slice(key.length));
  if (name === '' || !valuesOf('version=').every(isVersion)) return false;
  return name.toLowerCase() !== '.netportable' || !valuesOf('profile=').some((each) => each.includes('-'));
}

function isVersion(text: string): boolean {
  if (!VERSION.test(text)) return false;
  return text.split('.').every((part) => Number(part.replace(/^v+/i, '')) <= MAX_NUMBER);
}

/** A portable profile joins frameworks, which must not have profiles themselves. */
function isShortName(text: string): boolean {
  const portable = /^\s*(?:portable|\.netportable)[\d.]*-(?<frameworks>.*)$/i.exec(text)?.groups?.frameworks;
  return portable === undefined || !portable.includes('-');
}
