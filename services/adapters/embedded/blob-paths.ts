import { join } from 'node:path';

/** The file of a blob in a blob directory. */
export function blobPath(directory: string, key: string): string {
  return join(directory, 'blobs', key);
}

/** The file of an upload in progress there. */
export function uploadPath(directory: string, name: string): string {
  return join(directory, 'uploads', name);
}
