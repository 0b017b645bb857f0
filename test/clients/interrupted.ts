import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freshName, type RegistryAddress } from '../kit/accounts.ts';
import { type FaultProxy, faultIn, startFaultProxy } from '../kit/fault-proxy.ts';
import { describeTool } from './client.ts';
import { carriers, curlTool, curlUser, sha256 } from './generic/curl.ts';
import { noise } from './noise.ts';
import { npmUser } from './npm/npm-client.ts';
import { installedFiles, writePackage } from './npm/packages.ts';
import { npm10, npm12 } from './npm/tools/npm.ts';
import { pnpm12 } from './npm/tools/pnpm.ts';
import { succeeded } from './outcome.ts';
import { openPlayground, type Playground } from './playground.ts';

/** A registry whose stores can be inspected. */
export interface WatchedRegistry extends RegistryAddress {
  /** How many uploads have been begun and neither finished nor removed. */
  uploads(): Promise<number>;
  /** How many blobs are stored. */
  stored(): Promise<number>;
}

/** Bytes that are sent before the kill: more than the network and a first part in S3 hold, fewer than `SIZE`. */
const HALF_WAY = 12_000_000;
const SIZE = 20_000_000;

/** Kills clients halfway through an upload: nothing of it is kept, and the next attempt succeeds. */
export function describeInterrupted(registry: () => WatchedRegistry): void {
  let proxy: FaultProxy;
  let ground: Playground;
  beforeAll(async () => {
    proxy = await startFaultProxy(registry().url);
    ground = await openPlayground(registry());
  });
  afterAll(async () => {
    await ground?.remove();
    await proxy?.stop();
  });

  const throughProxy = (url: string) => url.replace(registry().url, proxy.url);

  /** Lets a client send half of an upload, kills it, and waits until nothing is left of the upload. */
  async function killHalfWay(start: () => { kill(): void; ran: Promise<unknown> }): Promise<void> {
    const before = await registry().stored();
    proxy.plan(faultIn('PUT', { holdAfter: HALF_WAY }));
    const client = start();
    await Promise.race([proxy.untilHeld(), client.ran]);
    await vi.waitFor(async () => expect(await registry().uploads()).toBe(1), { timeout: 60_000 });
    client.kill();
    await client.ran;
    await vi.waitFor(async () => expect(await registry().uploads()).toBe(0), { timeout: 60_000 });
    expect(await registry().stored()).toBe(before);
    proxy.plan();
  }

  describeTool(curlTool, () => {
    test('leaves nothing behind when it is killed during an upload, and succeeds the next time', async () => {
      const user = await curlUser();
      const content = noise(SIZE);
      await user.space.write('sent.bin', content);
      const url = throughProxy(`${ground.endpoint('generic', ground.project)}/tool/1.0/tool.bin`);
      const token = carriers['PRIVATE-TOKEN'](ground.tokens.personal);
      await killHalfWay(() => user.space.start([...curlTool.command, ...token, '-T', 'sent.bin', url]));
      expect((await user.curl([...token, url])).status).toBe(404);
      expect((await user.curl([...token, '-T', 'sent.bin', url])).status).toBe(201);
      await user.curl([...token, '-L', '-o', 'got.bin', url]);
      expect(sha256(await user.read('got.bin'))).toBe(sha256(content));
      await user.space.remove();
    });
  });

  for (const client of [npm12, npm10, pnpm12]) {
    describeTool(client.tool, () => {
      test('leaves nothing behind when it is killed during a publish, and succeeds the next time', async () => {
        const address = throughProxy(ground.endpoint('npm', ground.project));
        const user = await npmUser(client, { registry: address, token: ground.tokens.personal });
        const pkg = await writePackage(user.space, {
          name: freshName('killed'),
          version: '1.0.0',
          size: SIZE,
        });
        await killHalfWay(() => user.startPublish(pkg));
        await succeeded(user.publish(pkg));
        const direct = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
        await user.configure(direct);
        await succeeded(user.add(pkg.name));
        expect(await installedFiles(user.space, pkg)).toEqual(pkg.files);
        await user.remove();
      });
    });
  }
}
