import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { Access } from '../../registry/access/open-access.ts';
import type { Document } from '../../registry/documents/document-cache.ts';
import { type DocumentKind, packageDocument } from '../../registry/documents/package-document.ts';
import type { FormatContext } from '../access/guard.ts';

/**
 * An index document of the requested package, made from all projects in which it was found, for the requested address;
 * undefined when no project holds the package, or has nothing of it to show.
 */
export async function findDocument<M>(
  c: FormatContext,
  { holdings }: Pick<Access, 'holdings'>,
  kind: DocumentKind<M>,
): Promise<Document | undefined> {
  const [first, ...rest] = holdings.flatMap(({ head }): PackageHead[] => (head ? [head] : []));
  if (!first) return undefined;
  const { registry, address } = c.env;
  const document = await packageDocument(
    registry,
    [first, ...rest],
    kind,
    registry.settings.url + address.prefix,
  );
  return document.identity.byteLength === 0 ? undefined : document;
}

/** The same. @throws RegistryError `packageNotFound` where there is none. */
export async function indexDocument<M>(
  c: FormatContext,
  access: Pick<Access, 'holdings'>,
  kind: DocumentKind<M>,
): Promise<Document> {
  const document = await findDocument(c, access, kind);
  if (!document) throw new RegistryError('packageNotFound');
  return document;
}
