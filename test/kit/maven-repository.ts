import type { Project } from '../../services/domain/accounts.ts';
import type { TestApp } from './start-app.ts';
import { zip } from './zip.ts';

/** A jar; that of a Maven plugin if the prefix of its goals is given. */
export function jar(options: { artifactId?: string; prefix?: string; content?: string } = {}): Uint8Array {
  const { artifactId = 'app', prefix, content = 'class' } = options;
  const descriptor = `<?xml version="1.0" encoding="UTF-8"?>
<plugin><name>The ${artifactId} &amp; more</name><groupId>com.example</groupId><artifactId>${artifactId}</artifactId>
<version>1.0</version><goalPrefix>${prefix}</goalPrefix><mojos><mojo><goal>run</goal></mojo></mojos></plugin>`;
  return zip([
    { path: 'META-INF/MANIFEST.MF', content: 'Manifest-Version: 1.0\n' },
    { path: 'App.class', content, stored: true },
    ...(prefix === undefined ? [] : [{ path: 'META-INF/maven/plugin.xml', content: descriptor }]),
  ]);
}

/** A POM with these elements in it. */
export function pom(elements: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>${elements}</project>`;
}

/** What tests do with the Maven endpoints of a project in an app. */
export function mavenRepository(app: TestApp, project: Project) {
  const endpoints = {
    project: `/api/v4/projects/${project.id}/packages/maven`,
    group: '/api/v4/groups/acme/-/packages/maven',
    instance: '/api/v4/packages/maven',
  };
  return {
    endpoints,
    put: (path: string, body: string | Uint8Array, token = app.rootToken) =>
      app.send('PUT', `${endpoints.project}/${path}`, { token, body }),
    get: (path: string, level: keyof typeof endpoints = 'project', token = app.rootToken) =>
      app.send('GET', `${endpoints[level]}/${path}`, { token }),
    /** The text at a path; its status when that is not 200. */
    async text(path: string, level: keyof typeof endpoints = 'project'): Promise<string | number> {
      const answer = await app.send('GET', `${endpoints[level]}/${path}`, { token: app.rootToken });
      return answer.status === 200 ? answer.text() : answer.status;
    },
  };
}
