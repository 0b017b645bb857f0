/**
 * A `Content-Disposition` with a file's base name: as ASCII for every client, and in RFC 8187's form where that is not
 * the name, or could be taken for an encoded one (RFC 6266 appendix D). No name can end the header or add another. Better
 * here than `content-disposition`, which escapes quotes by backslashes; that appendix advises against it.
 */
export function contentDisposition(type: 'attachment' | 'inline', fileName: string): string {
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  const ascii = base.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  const plain = ascii === base && !/%[0-9a-f]{2}/i.test(base);
  return `${type}; filename="${ascii}"${plain ? '' : `; filename*=UTF-8''${encodeStrictly(base)}`}`;
}

/** Percent-encodes all but unreserved characters (RFC 3986), also the `'()*!` that JavaScript leaves. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
