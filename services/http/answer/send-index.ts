import { RegistryError } from '../../domain/errors.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { findRepositoryDocument } from '../../registry/indexes/find-document.ts';
import { requireNothingHidden } from '../../registry/search/visible-packages.ts';
import type { FormatContext } from '../access/guard.ts';
import { sendFile } from './send-file.ts';

/**
 * Sends the requested document of a repository-wide index. The document includes everything published before the
 * request: an outdated index is rebuilt first.
 * @throws RegistryError `fileNotFound` when the project has no such index, or the index no such document; the error
 * of a missing group where the group is hidden
 */
export async function sendIndex(c: FormatContext, access: Access): Promise<Response> {
  const { registry, format } = c.env;
  const { document } = access;
  const { index } = format;
  if (!index) throw new Error(`${format.id} declares no index`);
  const found = document && (await findRepositoryDocument(registry, { ...format, index }, document));
  if (!found) {
    await requireNothingHidden(registry, access);
    throw new RegistryError('fileNotFound');
  }
  const { name, storageKey = '', ...facts } = found;
  const fileName = name.slice(name.lastIndexOf('/') + 1);
  return sendFile(c, { ...facts, id: 0, fileName, storageKey }, { disposition: 'inline' });
}
