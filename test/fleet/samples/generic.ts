import type { Sample } from './sample.ts';

/** Generic packages in the fleet tests. */
export const generic: Sample = {
  id: 'generic',
  bound: { prefix: 'corp', name: 'corp-lib' },
  async publish(name, version, content = '') {
    const bytes = Buffer.from(
      `the file of ${name} ${version}${content}, ${'long enough to take parts of. '.repeat(20)}`,
    );
    const headers = { 'content-type': 'application/octet-stream' };
    return { method: 'PUT', path: `/${name}/${version}/file.bin`, headers, body: bytes, bytes };
  },
  file: (name, version) => `/${name}/${version}/file.bin`,
  delete: (name, version) => ({ method: 'DELETE', path: `/${name}/${version}` }),
  anonymousMissing: 404,
};
