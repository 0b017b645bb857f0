import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type RecordedRequest, type RecordingProxy, startRecordingProxy } from '../../kit/recording-proxy.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { maven3, mavenUser } from './maven-client.ts';
import { module } from './modules.ts';
import { freshGroup } from './projects.ts';

let ground: Playground;
let proxy: RecordingProxy;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  proxy = await startRecordingProxy(ground.url);
});
afterAll(async () => {
  await proxy?.stop();
  await ground?.remove();
});

const summary = (requests: readonly RecordedRequest[]) =>
  requests.map(({ method, status, path }) => {
    const file = path
      .split('/')
      .at(-1)
      ?.replace(/\d{8}\.\d{6}-1/, 'BUILD');
    return `${method} ${status} ${file}`;
  });

describeTool(maven3, () => {
  // Files that are served by links to a bucket come without their checksums.
  test.runIf(inject('registry').log)(
    'requests each file once, and no checksum that came with it',
    async () => {
      const group = freshGroup();
      const at = (url: string) => ({ id: 'packhouse', url: url.replace(ground.url, proxy.url) });
      const servers = [
        { id: 'packhouse', token: ground.tokens['group deploy'], carrier: 'Private-Token' as const },
      ];
      const user = await mavenUser(maven3, { servers });
      const deploy = at(ground.endpoint('maven', ground.project));
      await user.space.write('pom.xml', module({ group, artifact: 'seen', version: '1-SNAPSHOT', deploy }));
      await succeeded(user.mvn('deploy'));
      const put = (ending: string) => [
        `PUT 200 seen-1-BUILD.${ending}`,
        `PUT 204 seen-1-BUILD.${ending}.sha1`,
        `PUT 204 seen-1-BUILD.${ending}.md5`,
      ];
      const metadata = ['', '.sha1', '.md5'].map((ending) => `PUT 200 maven-metadata.xml${ending}`);
      expect(summary(proxy.take())).toEqual([
        'GET 404 maven-metadata.xml',
        ...put('pom'),
        ...put('jar'),
        'GET 200 maven-metadata.xml',
        ...metadata,
        ...metadata,
      ]);
      const reader = await mavenUser(maven3, { servers });
      const needs = { group, artifact: 'seen', version: '1-SNAPSHOT' };
      const from = at(ground.endpoint('maven', ground.group));
      await reader.space.write('pom.xml', module({ group: 'reader', artifact: 'reader', needs, from }));
      await reader.space.write('src/main/java/Main.java', 'class Main {}');
      await succeeded(reader.mvn('compile'));
      const files = ['GET 200 seen-1-BUILD.pom', 'GET 200 seen-1-BUILD.jar'];
      expect(summary(proxy.take())).toEqual(['GET 200 maven-metadata.xml', ...files]);
      await succeeded(reader.mvn('compile'));
      expect(summary(proxy.take())).toEqual(['GET 200 maven-metadata.xml']);
      await user.remove();
      await reader.remove();
    },
  );
});
