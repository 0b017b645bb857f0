import { createHash } from 'node:crypto';
import { uploadForm, wheel } from '../../kit/python-package.ts';
import type { Sample } from './sample.ts';

function built(name: string, version: string, content?: string) {
  return wheel({ name, version, ...(content && { files: { 'content.txt': content } }) });
}

/** The address of a wheel, known before the publish because a wheel has the same bytes whenever it is built. */
function addressOf(name: string, version: string, content?: string): string {
  const { fileName, bytes } = built(name, version, content);
  return `/files/${createHash('sha256').update(bytes).digest('hex')}/${fileName}`;
}

/** Python packages in the fleet tests. */
export const pypi: Sample = {
  id: 'pypi',
  bound: { prefix: 'Corp', name: 'corp-lib' },
  async publish(name, version, content) {
    const distribution = built(name, version, content);
    return { method: 'POST', path: '', ...uploadForm(distribution), bytes: distribution.bytes };
  },
  file: addressOf,
  index: (name) => `/simple/${name}/`,
  reads: (name, version) => [`${addressOf(name, version)}.metadata`],
  searches: () => ['/simple'],
  duplicate: 400,
  anonymousMissing: 401,
};
