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

/** The name of a wheel of `tool` with so many characters. */
function fileNamed(length: number): string {
  const [start, end] = ['tool-1.0-py3-none-', '.whl'];
  return start + 'a'.repeat(length - start.length - end.length) + end;
}

/** Python packages in the fleet tests. */
export const pypi: Sample = {
  id: 'pypi',
  bound: { prefix: 'Corp', name: 'corp-lib' },
  async publish(name, version, content) {
    const distribution = built(name, version, content);
    return { method: 'POST', path: '', ...uploadForm(distribution), bytes: distribution.bytes };
  },
  parameters: [
    {
      what: 'project name',
      ...{ limit: 200, longest: 'a'.repeat(200), tooLong: 'a'.repeat(201) },
      publish: (name) => pypi.publish(name, '1.0'),
      reads: (name) => [`/simple/${name}/`, addressOf(name, '1.0'), `${addressOf(name, '1.0')}.metadata`],
      others: (name) => [`/integrity/${name}/1.0/${name}-1.0.tar.gz/provenance`],
      changes: (name) => ['PUT', 'DELETE'].map((method) => ({ method, path: `/yank/${name}/1.0` })),
    },
    {
      what: 'version',
      ...{ limit: 200, longest: `1.0+${'a'.repeat(196)}`, tooLong: `1.0+${'a'.repeat(197)}` },
      holding: (word) => `1.0+${word.replace('-', '.')}`,
      publish: (version) => pypi.publish('tool', version),
      reads: (version) => [addressOf('tool', version)],
      others: (version) => [`/integrity/tool/${version}/tool-${version}.tar.gz/provenance`],
      changes: (version) => ['PUT', 'DELETE'].map((method) => ({ method, path: `/yank/tool/${version}` })),
    },
    {
      what: 'file name',
      ...{ limit: 255, longest: fileNamed(255), tooLong: fileNamed(256) },
      holding: (word) => `tool-1.0-py3-none-${word.replace('-', '_')}.whl`,
      publish: async (fileName) => {
        const built = wheel({ name: 'tool', version: '1.0' });
        return { method: 'POST', path: '', ...uploadForm({ ...built, fileName }), bytes: built.bytes };
      },
      reads: (fileName) => {
        const { bytes } = wheel({ name: 'tool', version: '1.0' });
        return [`/files/${createHash('sha256').update(bytes).digest('hex')}/${fileName}`];
      },
      others: (fileName) => [`/integrity/tool/1.0/${fileName}/provenance`],
    },
  ],
  file: addressOf,
  index: (name) => `/simple/${name}/`,
  reads: (name, version) => [`${addressOf(name, version)}.metadata`],
  poison: {
    async publish(name, version) {
      const distribution = wheel({ name, version, metadata: { 'Requires-Python': 'three' } });
      return { method: 'POST', path: '', ...uploadForm(distribution), bytes: distribution.bytes };
    },
    of: 'file',
    change: (metadata) => ({ ...metadata, requiresPython: 'three' }),
  },
  searches: () => ['/simple'],
  duplicate: 400,
  anonymousMissing: 401,
};
