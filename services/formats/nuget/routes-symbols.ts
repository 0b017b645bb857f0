import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import type { FormatRoutes } from '../../http/format.ts';
import { type FormatContext, pull } from '../../http/guard.ts';
import type { Scope } from '../../http/scope.ts';
import { sendFile } from '../../http/send-file.ts';
import { maybeEntity } from '../../registry/entities.ts';
import { keys } from '../../registry/keys.ts';
import { type AliasedFile, findAliased } from '../../registry/packages/find-aliased.ts';
import { NO_ID } from './names.ts';
import { symbolAlias } from './push-symbols.ts';
import type { SymbolFacts } from './schema.ts';

/** How many packages that have the same file of symbols are looked at. */
const MAX_PACKAGES = 10;

/**
 * The symbol server: a file of symbols by its name and identity
 * (https://github.com/dotnet/symstore/blob/main/docs/specs/Simple_Symbol_Query_Protocol.md).
 */
export function symbolRoutes(app: FormatRoutes): void {
  app.get('/symbolfiles/:file/:signature/:again', findSymbols);
}

/**
 * Tries the packages that have such a file, one after the other, as far as the caller may pull them. Without one a
 * package that can't be there is tried, so that the answer is the same as for one that is hidden.
 */
async function findSymbols(c: FormatContext): Promise<Response> {
  const [file = '', signature = '', again = ''] = ['file', 'signature', 'again'].map((name) =>
    c.req.param(name),
  );
  const same = file.toLowerCase() === again.toLowerCase();
  const found = same ? await findAliased(c.env.registry, c.env.format.id, symbolAlias(file, signature)) : [];
  const names = new Set([...found.map(({ ref }) => ref.name)].slice(0, MAX_PACKAGES));
  let refusal: unknown;
  for (const name of names.size > 0 ? names : [NO_ID]) {
    try {
      return (await pullSymbols(name, found)(c, async () => {})) as Response;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function pullSymbols(name: string, found: readonly AliasedFile[]) {
  const more = (_c: FormatContext, { projectId }: PackageRef) =>
    found
      .filter(({ ref }) => ref.projectId === projectId && ref.name === name)
      .map(({ ref, file }) => keys.file(ref, file.version, file.fileName));
  return pull({ name: () => name, more }, send);
}

function send(c: FormatContext, scope: Scope): Promise<Response> {
  const wanted = checksumsOf(c.req.header('symbolchecksum') ?? '');
  for (const item of scope.found.flatMap(({ items }) => items)) {
    const file = maybeEntity<PackageFile<SymbolFacts>>(item);
    if (file && (wanted.length === 0 || wanted.includes(file.metadata?.checksum ?? ''))) {
      return sendFile(c, file);
    }
  }
  throw new RegistryError('fileNotFound');
}

/** The SHA-256 checksums a debugger takes, read in what it debugs. Who names none takes any. */
function checksumsOf(header: string): string[] {
  return [...header.matchAll(/\bsha256:\s*(?<hex>[0-9a-f]{64})\b/gi)].map(
    ({ groups }) => groups?.hex?.toLowerCase() ?? '',
  );
}
