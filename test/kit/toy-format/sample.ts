import type { Parameter, Sample } from '../../fleet/samples/sample.ts';
import { toy } from './format.ts';

function parameter(what: string, pathOf: (value: string) => string): Parameter {
  return {
    ...{ what, limit: 100, longest: 'a'.repeat(100), tooLong: 'a'.repeat(101) },
    holding: (word) => word.toLowerCase(),
    async publish(value) {
      const bytes = Buffer.from(what);
      return { method: 'PUT', path: pathOf(value), headers: {}, body: bytes, bytes };
    },
    reads: (value) => [pathOf(value)],
  };
}

/** Toy packages in the fleet tests. */
export const toySample: Sample = {
  id: toy.id,
  format: toy,
  async publish(name, version, content = '') {
    const bytes = Buffer.from(
      `toy ${name} ${version}${content}, ${'long enough to take parts of. '.repeat(20)}`,
    );
    return { method: 'PUT', path: `/${name}/${version}/toy.bin`, headers: {}, body: bytes, bytes };
  },
  parameters: [
    {
      ...parameter('name', (name) => `/${name}/1.0/toy.bin`),
      changes: (name) => [{ method: 'DELETE', path: `/${name}/1.0` }],
    },
    {
      ...parameter('version', (version) => `/tool/${version}/toy.bin`),
      changes: (version) => [{ method: 'DELETE', path: `/tool/${version}` }],
    },
    {
      ...parameter('file name', (file) => `/tool/1.0/${file}`),
      others: (file) => [`/-/index/${file}`],
    },
  ],
  file: (name, version) => `/${name}/${version}/toy.bin`,
  delete: (name, version) => ({ method: 'DELETE', path: `/${name}/${version}` }),
  repositoryIndex: '/-/index/InRelease',
  duplicate: 409,
  anonymousMissing: 401,
};
