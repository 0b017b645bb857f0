import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead } from '../../domain/packages.ts';
import type { FormatContext } from '../../http/guard.ts';
import type { Scope } from '../../http/scope.ts';
import type { Document } from '../../registry/document-cache.ts';
import { type DocumentKind, packageDocument } from '../../registry/package-document.ts';
import { packageName } from './names.ts';
import type { Metadata } from './schema.ts';

/** The package name in the address of a request. */
export function nameOf(c: FormatContext): string {
  return packageName(c.req.param('name') ?? '');
}

/** A document of the asked package, made from all projects in which it was found. */
export async function documentOf(
  c: FormatContext,
  scope: Scope,
  kind: DocumentKind<Metadata>,
): Promise<Document> {
  const [first, ...rest] = scope.found.flatMap(({ head }): PackageHead[] => (head ? [head] : []));
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
