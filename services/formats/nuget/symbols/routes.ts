import { RegistryError } from '../../../domain/errors.ts';
import { readableMetadata } from '../../../domain/metadata.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { aliasedFiles, requireNothingHidden } from '../../../registry/search/visible-packages.ts';
import { challengeAnonymous } from '../context.ts';
import { fileMetadata } from '../schema.ts';
import { symbolAlias } from './push-symbols.ts';

/**
 * The symbol server: symbol files by name and identity
 * (https://github.com/dotnet/symstore/blob/main/docs/specs/Simple_Symbol_Query_Protocol.md).
 */
export function symbolRoutes(app: FormatRoutes): void {
  app.get('/symbolfiles/:file/:signature/:sameFile', pull({}, sendSymbols));
}

/**
 * Sends the matching file that was published first, of those that the caller may pull. Hidden files look like
 * missing ones.
 */
async function sendSymbols(c: FormatContext, access: Access): Promise<Response> {
  const [file = '', signature = '', sameFile = ''] = ['file', 'signature', 'sameFile'].map((name) =>
    c.req.param(name),
  );
  const checksums = checksumsOf(c.req.header('symbolchecksum') ?? '');
  const alias = symbolAlias(file, signature);
  if (file.toLowerCase() === sameFile.toLowerCase()) {
    for await (const { file: found } of aliasedFiles(c.env.registry, access, alias)) {
      const facts = readableMetadata(fileMetadata, found);
      if (checksums.length === 0 || (facts && checksums.includes(facts.checksum))) return sendFile(c, found);
    }
  }
  challengeAnonymous(c, access);
  await requireNothingHidden(c.env.registry, access);
  throw new RegistryError('fileNotFound');
}

/** The SHA-256 checksums that a debugger accepts, from the debugged binary; empty if it accepts any. */
function checksumsOf(header: string): string[] {
  return [...header.matchAll(/\bsha256:\s*(?<hex>[0-9a-f]{64})\b/gi)].map(
    ({ groups }) => groups?.hex?.toLowerCase() ?? '',
  );
}
