import type { Parameter, Sample } from './sample.ts';

function parameter(
  what: string,
  longest: string,
  pathOf: (value: string) => string,
  changed = pathOf,
): Parameter {
  const limit = longest.length;
  const tooLong = `${longest}a`;
  return {
    ...{ what, limit, longest, tooLong },
    async publish(value) {
      const bytes = Buffer.from(what);
      return { method: 'PUT', path: pathOf(value), headers: {}, body: bytes, bytes };
    },
    reads: (value) => [pathOf(value)],
    changes: (value) => [{ method: 'DELETE', path: changed(value) }],
  };
}

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
  parameters: [
    parameter(
      'package name',
      'a'.repeat(255),
      (name) => `/${name}/1.0/a.bin`,
      (name) => `/${name}/1.0`,
    ),
    parameter(
      'version',
      '1'.repeat(255),
      (version) => `/tool/${version}/a.bin`,
      (version) => `/tool/${version}`,
    ),
    parameter('file path', `${'ab/'.repeat(341)}a`, (file) => `/tool/1.0/${file}`),
  ],
  file: (name, version) => `/${name}/${version}/file.bin`,
  delete: (name, version) => ({ method: 'DELETE', path: `/${name}/${version}` }),
  anonymousMissing: 404,
};
