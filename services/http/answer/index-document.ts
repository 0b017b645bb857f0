import { RegistryError } from '../../domain/errors.ts';
import { heldPackage } from '../../registry/access/holdings.ts';
import type { Access } from '../../registry/access/open-access.ts';
import type { Document } from '../../registry/documents/document-cache.ts';
import type { DocumentKind } from '../../registry/documents/document-kind.ts';
import { packageDocument, versionDocument } from '../../registry/documents/package-document.ts';
import { sourcesOf } from '../../registry/documents/source.ts';
import type { FormatContext } from '../access/guard.ts';

/**
 * Returns an index document of the requested package, merged from all projects that hold it and that the caller may read, with links for the
 * requested endpoint. Undefined when no project holds the package, or the document would be empty.
 */
export async function findDocument<M>(
  c: FormatContext,
  access: Pick<Access, 'holdings' | 'withheld'>,
  kind: DocumentKind<M>,
): Promise<Document | undefined> {
  const { registry, address } = c.env;
  const sources = sourcesOf(registry, heldPackage(access));
  if (!sources) return undefined;
  const base = registry.settings.url + address.prefix;
  const document =
    'render' in kind
      ? await versionDocument(registry, sources[0], kind, base)
      : await packageDocument(registry, sources, kind, base);
  return document.length === 0 ? undefined : document;
}

/** Like `findDocument`. @throws RegistryError `packageNotFound` when there is no document */
export async function indexDocument<M>(
  c: FormatContext,
  access: Pick<Access, 'holdings' | 'withheld'>,
  kind: DocumentKind<M>,
): Promise<Document> {
  const document = await findDocument(c, access, kind);
  if (!document) throw new RegistryError('packageNotFound');
  return document;
}
