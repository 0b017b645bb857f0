import { RegistryError } from '../../domain/errors.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { findDocument } from '../../registry/indexes/find-document.ts';
import type { FormatContext } from '../access/guard.ts';
import { sendFile } from './send-file.ts';

/**
 * Sends the requested document of a repository-wide index. The document includes everything published before the
 * request: an outdated index is rebuilt first.
 * @throws RegistryError `fileNotFound` when the project has no such index, or the index no such document
 */
export async function sendIndex(c: FormatContext, { document }: Access): Promise<Response> {
  const { registry, format } = c.env;
  const { index } = format;
  if (!index) throw new Error(`${format.id} declares no index`);
  const found = document && (await findDocument(registry, { ...format, index }, document));
  if (!found) throw new RegistryError('fileNotFound');
  const { name, storageKey = '', ...facts } = found;
  const fileName = name.slice(name.lastIndexOf('/') + 1);
  return sendFile(c, { ...facts, id: 0, fileName, storageKey }, { disposition: 'inline' });
}
