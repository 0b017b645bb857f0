import type { Sample } from '../../fleet/samples/sample.ts';
import { toy } from './format.ts';

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
  file: (name, version) => `/${name}/${version}/toy.bin`,
  delete: (name, version) => ({ method: 'DELETE', path: `/${name}/${version}` }),
  repositoryIndex: '/-/index/InRelease',
  duplicate: 409,
  anonymousMissing: 401,
};
