import { jar } from '../../kit/maven-repository.ts';
import type { Parameter, Sample } from './sample.ts';

function parameter(
  what: string,
  values: Pick<Parameter, 'limit' | 'longest' | 'tooLong' | 'holding'>,
  pathOf: (value: string) => string,
): Parameter {
  return {
    ...{ what, ...values },
    async publish(value) {
      const bytes = Buffer.from(what);
      return { method: 'PUT', path: pathOf(value), headers: {}, body: bytes, bytes };
    },
    reads: (value) => [pathOf(value), `${pathOf(value)}.sha1`],
  };
}

const folders = 'folder/'.repeat(72);

/** Maven artifacts in the fleet tests. */
export const maven: Sample = {
  id: 'maven',
  bound: { prefix: 'com.example', name: 'lib' },
  async publish(name, version, content = '') {
    const bytes = jar({ artifactId: name, content: `${version} ${content}`.repeat(200) });
    const path = `/com/example/${name}/${version}/${name}-${version}.jar`;
    return { method: 'PUT', path, headers: {}, body: bytes, bytes };
  },
  parameters: [
    parameter(
      'path of the artifact',
      {
        limit: 512,
        longest: `${folders}artifact`,
        tooLong: `${folders}artifacts`,
        holding: (word) => `com/example/${word}`,
      },
      (name) => `/${name}/1.0/artifact-1.0.jar`,
    ),
    parameter(
      'version',
      { limit: 255, longest: '1'.repeat(255), tooLong: '1'.repeat(256) },
      (version) => `/com/example/tool/${version}/tool.jar`,
    ),
    parameter(
      'file name',
      {
        limit: 255,
        longest: `${'a'.repeat(251)}.jar`,
        tooLong: `${'a'.repeat(252)}.jar`,
        holding: (word) => `${word}.jar`,
      },
      (file) => `/com/example/tool/1.0/${file}`,
    ),
  ],
  file: (name, version) => `/com/example/${name}/${version}/${name}-${version}.jar`,
  storedName: (name) => `com/example/${name}`,
  index: (name) => `/com/example/${name}/maven-metadata.xml`,
  reads: (name, version) => [
    `/com/example/${name}/${version}/${name}-${version}.jar.sha1`,
    `/com/example/${name}/maven-metadata.xml.md5`,
  ],
  anonymousMissing: 401,
};
