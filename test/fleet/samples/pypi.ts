import { createHash } from 'node:crypto';
import { uploadForm, wheel } from '../../kit/python-package.ts';
import type { Sample } from './sample.ts';

/** The address of a wheel, known before the publish because a wheel has the same bytes whenever it is built. */
function addressOf(name: string, version: string): string {
  const { fileName, bytes } = wheel({ name, version });
  return `/files/${createHash('sha256').update(bytes).digest('hex')}/${fileName}`;
}

/** Python packages in the fleet tests. */
export const pypi: Sample = {
  id: 'pypi',
  async publish(name, version) {
    const built = wheel({ name, version });
    return { method: 'POST', path: '', ...uploadForm(built), bytes: built.bytes };
  },
  file: addressOf,
  index: (name) => `/simple/${name}/`,
  reads: (name, version) => [`${addressOf(name, version)}.metadata`],
  searches: () => ['/simple'],
  duplicate: 400,
  anonymousMissing: 401,
};
