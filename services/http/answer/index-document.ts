import { RegistryError } from '../../domain/errors.ts';
import type { Access } from '../../registry/access/open-access.ts';
import type { Document } from '../../registry/documents/document-cache.ts';
import type { DocumentKind } from '../../registry/documents/document-kind.ts';
import { packageDocument, versionDocument } from '../../registry/documents/package-document.ts';
import { projectSource } from '../../registry/documents/source.ts';
import type { FormatContext } from '../access/guard.ts';

/**
 * Returns an index document of the requested package, merged from all projects that hold it, with links for the
 * requested endpoint. Undefined when no project holds the package, or the document would be empty.
 */
export async function findDocument<M>(
  c: FormatContext,
  { holdings }: Pick<Access, 'holdings'>,
  kind: DocumentKind<M>,
): Promise<Document | undefined> {
  const { registry, address } = c.env;
  const [first, ...rest] = holdings.flatMap(({ head }) =>
    head ? [projectSource(registry.table, head)] : [],
  );
  if (!first) return undefined;
  const base = registry.settings.url + address.prefix;
  const document =
    'render' in kind
      ? await versionDocument(registry, first, kind, base)
      : await packageDocument(registry, [first, ...rest], kind, base);
  return document.length === 0 ? undefined : document;
}

/** Like `findDocument`. @throws RegistryError `packageNotFound` when there is no document */
export async function indexDocument<M>(
  c: FormatContext,
  access: Pick<Access, 'holdings'>,
  kind: DocumentKind<M>,
): Promise<Document> {
  const document = await findDocument(c, access, kind);
  if (!document) throw new RegistryError('packageNotFound');
  return document;
}
