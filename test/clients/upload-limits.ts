import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshName, type RegistryAddress } from '../kit/accounts.ts';
import { describeTool } from './client.ts';
import { carriers, curlTool, curlUser } from './generic/curl.ts';
import { noise } from './noise.ts';
import { LARGE } from './npm/large-package.ts';
import { type NpmClient, npmUser } from './npm/npm-client.ts';
import { writePackage } from './npm/packages.ts';
import { npm10, npm11, npm12 } from './npm/tools/npm.ts';
import { pnpm12 } from './npm/tools/pnpm.ts';
import { yarn } from './npm/tools/yarn.ts';
import { failed, succeeded } from './outcome.ts';
import { openPlayground, type Playground } from './playground.ts';

/** The error of the registry for an upload that reaches it. */
const registryError =
  'The file is larger than the limit of 4718592 bytes. This registry runs on Lambda functions only, which accept files of up to 4.5 MB: its operator can raise the limit with the stage setting `ingest`.';

/** What npm 11 and later show before they upload anything, because they request the package first. */
const notice =
  'npm notice This registry runs on Lambda functions only, which accept files of up to 4.5 MB: its operator can raise the limit with the stage setting `ingest`.';

/** The error of an API gateway of AWS for a request that it does not pass on. */
const gatewayError = '{"message":"Request Entity Too Large"}';

const sizes = [5_000_000, 7_000_000, LARGE];

/**
 * What users see when they upload more than functions accept. With `strict`, the gateway refuses what AWS's does;
 * otherwise everything reaches the registry.
 */
export function describeUploadLimits(registry: () => RegistryAddress, strict: boolean): void {
  let ground: Playground;
  beforeAll(async () => {
    ground = await openPlayground(registry());
  });
  afterAll(() => ground?.remove());

  describeTool(curlTool, () => {
    async function upload(size: number, ...args: string[]) {
      const user = await curlUser();
      await user.space.write('sent.bin', args.length > 0 ? 'x'.repeat(size) : noise(size));
      const token = carriers['PRIVATE-TOKEN'](ground.tokens.personal);
      const url = `${ground.endpoint('generic', ground.project)}/tool/1.0/${freshName('file')}`;
      const up = await user.curl([...token, ...args, '--fail-with-body', '-T', 'sent.bin', url]);
      await user.space.remove();
      return [up.code, up.status, up.stdout];
    }

    test('uploads 4 MB', async () => {
      expect(await upload(4_000_000)).toEqual([0, 201, '{"message":"201 Created"}']);
    });

    test.each(sizes)('gets 413 for %i bytes, with the limit if they reach the registry', async (size) => {
      const words = strict ? gatewayError : JSON.stringify({ message: registryError });
      expect(await upload(size)).toEqual([22, 413, words]);
    });

    test('gets 413 with the limit for 5 MB of text, which a gateway passes on', async () => {
      const asText = ['-H', 'content-type: text/plain'];
      expect(await upload(5_000_000, ...asText)).toEqual([
        22,
        413,
        JSON.stringify({ message: registryError }),
      ]);
    });
  });

  describeTool(npm12.tool, () => {
    test.each(sizes)('shows why a package of %i bytes is refused', (size) => expectRefusal(npm12, size));
  });

  for (const client of [npm11, npm10, pnpm12, yarn]) {
    describeTool(client.tool, () => {
      test('shows that a package of 7 MB is too large, and the limit if it reaches the registry', () =>
        expectRefusal(client, 7_000_000));
    });
  }

  async function expectRefusal(client: NpmClient, size: number): Promise<void> {
    const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
    const user = await npmUser(client, setup);
    const name = freshName('limit');
    // Publishes and installs a small version first, so that npm has the package in its cache.
    const small = await writePackage(user.space, { name, version: '1.0.0', size: 1_000 });
    await succeeded(user.publish(small));
    await succeeded(user.add(name));
    const large = await writePackage(user.space, { name, version: '1.1.0', size });
    const seen = await failed(user.publish(large));
    expect(seen).toMatch(/413|Entity Too Large|Content Too Large|Payload Too Large/);
    if (!strict) expect(seen).toContain(registryError);
    if (client === npm12 || client === npm11) expect(seen).toContain(notice);
    await user.remove();
  }

  describe('a package below the limit', () => {
    describeTool(npm12.tool, () => {
      test('is published and installed', async () => {
        const setup = { registry: ground.endpoint('npm', ground.project), token: ground.tokens.personal };
        const user = await npmUser(npm12, setup);
        const pkg = await writePackage(user.space, {
          name: freshName('fits'),
          version: '1.0.0',
          size: 4_400_000,
        });
        await succeeded(user.publish(pkg));
        await succeeded(user.add(pkg.name));
        await user.remove();
      });
    });
  });
}
