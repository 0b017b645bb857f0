/**
 * A `Content-Disposition` with a file's base name: in ASCII for every client, and additionally in RFC 8187's
 * encoding if that differs or could be taken for encoded (RFC 6266 appendix D). No name can end the header or
 * inject another. Used instead of `content-disposition`, which escapes quotes with backslashes, against that
 * appendix's advice.
 */
export function contentDisposition(type: 'attachment' | 'inline', fileName: string): string {
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  const ascii = base.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  const plain = ascii === base && !/%[0-9a-f]{2}/i.test(base);
  return `${type}; filename="${ascii}"${plain ? '' : `; filename*=UTF-8''${encodeStrictly(base)}`}`;
}

/** Percent-encodes all except unreserved characters (RFC 3986), including `'()*!`, which JavaScript leaves. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
