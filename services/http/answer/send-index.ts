import { RegistryError } from '../../domain/errors.ts';
import type { Access } from '../../registry/access/open-access.ts';
import { findDocument } from '../../registry/indexes/find-document.ts';
import type { FormatContext } from '../access/guard.ts';
import { sendFile } from './send-file.ts';

/**
 * Sends the document of an index over all packages of a project that the route has named. It tells of everything that
 * was published before the request: where it is behind it is built first.
 * @throws RegistryError `fileNotFound` when the project has no such index, or document in it
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
