import { jar } from '../../kit/maven-repository.ts';
import type { Sample } from './sample.ts';

/** Maven artifacts in the fleet tests. */
export const maven: Sample = {
  id: 'maven',
  bound: { prefix: 'com.example', name: 'lib' },
  async publish(name, version, content = '') {
    const bytes = jar({ artifactId: name, content: `${version} ${content}`.repeat(200) });
    const path = `/com/example/${name}/${version}/${name}-${version}.jar`;
    return { method: 'PUT', path, headers: {}, body: bytes, bytes };
  },
  file: (name, version) => `/com/example/${name}/${version}/${name}-${version}.jar`,
  storedName: (name) => `com/example/${name}`,
  index: (name) => `/com/example/${name}/maven-metadata.xml`,
  reads: (name, version) => [
    `/com/example/${name}/${version}/${name}-${version}.jar.sha1`,
    `/com/example/${name}/maven-metadata.xml.md5`,
  ],
  anonymousMissing: 401,
};
