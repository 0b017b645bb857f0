import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { Access } from '../../registry/access/open-access.ts';
import type { Document } from '../../registry/documents/document-cache.ts';
import { type DocumentKind, packageDocument } from '../../registry/documents/package-document.ts';
import type { FormatContext } from '../access/guard.ts';

/**
 * An index document of the asked package, made from all projects in which it was found, for the asked address.
 * @throws RegistryError `packageNotFound` when no project holds the package, or the document is empty.
 */
export async function indexDocument<M>(
  c: FormatContext,
  { holdings }: Pick<Access, 'holdings'>,
  kind: DocumentKind<M>,
): Promise<Document> {
  const [first, ...rest] = holdings.flatMap(({ head }): PackageHead[] => (head ? [head] : []));
  if (!first) throw new RegistryError('packageNotFound');
  const { registry, address } = c.env;
  const document = await packageDocument(
    registry,
    [first, ...rest],
    kind,
    registry.settings.url + address.prefix,
  );
  if (document.identity.byteLength === 0) throw new RegistryError('packageNotFound');
  return document;
}
