import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { noise } from '../noise.ts';
import { openPlayground, type Playground, type TokenKind, tokenKinds } from '../playground.ts';
import { type CurlUser, carriers, curlTool, curlUser } from './curl.ts';

let ground: Playground;
let user: CurlUser;
let base: string;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await curlUser();
  base = `${ground.endpoint('generic', ground.project)}/tool/1.0`;
});
afterAll(async () => {
  await user?.space.remove();
  await ground?.remove();
});

const carrierNames = Object.keys(carriers) as (keyof typeof carriers)[];
const send = (token: TestToken, carrier: keyof typeof carriers = 'PRIVATE-TOKEN') => carriers[carrier](token);

describeTool(curlTool, () => {
  const pairs = tokenKinds.flatMap((kind) => carrierNames.map((carrier) => [kind, carrier] as const));

  test.for(pairs)('uploads and downloads with a %s token in %s', async ([kind, carrier]) => {
    const credential = send(ground.tokens[kind], carrier);
    const content = noise(100_000);
    await user.space.write('sent.bin', content);
    const path = `${base}/${kind.replace(' ', '-')}-${carrierNames.indexOf(carrier)}.bin`;
    const up = await user.curl([...credential, '--fail-with-body', '-T', 'sent.bin', path]);
    expect(up.seen).toContain('{"message":"201 Created"}');
    expect([up.code, up.status]).toEqual([0, 201]);
    const down = await user.curl([...credential, '-fsSL', '-o', 'received.bin', path]);
    expect([down.code, down.status, down.seen]).toEqual([0, 200, expect.any(String)]);
    expect(content.equals(await user.read('received.bin'))).toBe(true);
  });

  test('uploads with a token in .netrc', async () => {
    const { hostname } = new URL(ground.url);
    const { username, secret } = ground.tokens['project deploy'];
    await user.space.write('.netrc', `machine ${hostname} login ${username} password ${secret}\n`, 'home');
    await user.space.write('sent.bin', noise(1_000));
    const up = await user.curl(['--netrc', '--fail', '-T', 'sent.bin', `${base}/netrc.bin`]);
    expect([up.code, up.status]).toEqual([0, 201]);
  });

  const message = async (args: readonly string[]) => {
    const ran = await user.curl(['--fail-with-body', ...args]);
    return [ran.code, ran.status, ran.stdout];
  };
  const upload = (token: readonly string[]) => message([...token, '-T', 'sent.bin', `${base}/refused.bin`]);
  const unauthorized = [22, 401, '{"message":"401 Unauthorized"}'];

  test('shows 401 Unauthorized for a missing, a wrong and an expired token', async () => {
    await user.space.write('sent.bin', noise(1_000));
    const wrong = { id: 0, username: 'nobody', secret: 'glpat-nothing-like-a-token' };
    expect(await upload([])).toEqual(unauthorized);
    for (const carrier of carrierNames) {
      expect([carrier, await upload(send(wrong, carrier))]).toEqual([carrier, unauthorized]);
      expect([carrier, await upload(send(ground.expired, carrier))]).toEqual([carrier, unauthorized]);
    }
    expect(await message([`${base}/refused.bin`])).toEqual(unauthorized);
  });

  test('shows 401 Unauthorized for a token that was revoked', async () => {
    const token = await ground.accounts.personalToken(await ground.accounts.user());
    const open = `${ground.endpoint('generic', ground.openProject)}/nothing/1.0/a.bin`;
    expect((await user.curl([...send(token), open])).status).toBe(404);
    await ground.accounts.revoke(token);
    expect(await message([...send(token), open])).toEqual(unauthorized);
  });

  test('shows 401 Unauthorized for a deploy token with a wrong user name', async () => {
    const mixed = { ...ground.tokens['project deploy'], username: 'somebody-else' };
    expect(await upload(send(mixed, 'Basic (--user)'))).toEqual(unauthorized);
  });

  test('shows the status with --fail alone', async () => {
    const ran = await user.curl(['--fail', `${base}/refused.bin`]);
    expect(ran.code).toBe(22);
    expect(ran.stderr).toContain('curl: (22) The requested URL returned error: 401');
    expect(ran.stdout).toBe('');
  });

  test('downloads with a read-only token, and shows why it may not upload', async () => {
    await user.space.write('sent.bin', noise(1_000));
    await user.curl([...send(ground.tokens.personal), '-T', 'sent.bin', `${base}/readable.bin`]);
    const credential = send(ground.readOnly, 'DEPLOY-TOKEN');
    const down = await user.curl([...credential, '-fL', '-o', 'received.bin', `${base}/readable.bin`]);
    expect([down.code, down.status]).toEqual([0, 200]);
    const [code, status, body] = await upload(credential);
    expect([code, status]).toEqual([22, 403]);
    expect(JSON.parse(String(body))).toEqual({
      error: 'insufficient_scope',
      error_description: 'The token has no scope for this request',
    });
  });

  test('downloads from a public project without a token, but needs one to upload', async () => {
    const open = `${ground.endpoint('generic', ground.openProject)}/tool/1.0/open.bin`;
    const content = noise(50_000);
    await user.space.write('sent.bin', content);
    expect(await message(['-T', 'sent.bin', open])).toEqual(unauthorized);
    await user.curl([...send(ground.tokens['group deploy']), '--fail', '-T', 'sent.bin', open]);
    const down = await user.curl(['-fL', '-o', 'received.bin', open]);
    expect([down.code, down.status]).toEqual([0, 200]);
    expect(content.equals(await user.read('received.bin'))).toBe(true);
  });

  test.for(['project access', 'project deploy'] satisfies TokenKind[])(
    'shows 404 Project Not Found for a %s token of another project',
    async (kind) => {
      const other = await ground.accounts.project(ground.group, `other-${kind.replace(' ', '-')}`, 'private');
      const path = `${ground.endpoint('generic', other)}/tool/1.0/a.bin`;
      const [code, status, body] = await message([...send(ground.tokens[kind]), path]);
      expect([code, status, body]).toEqual([22, 404, '{"message":"404 Project Not Found"}']);
    },
  );
});
