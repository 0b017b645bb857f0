import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { attestationOf, type Built } from '../../kit/python-package.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { asWheel, pythonPackage, writeDistributions } from './packages.ts';
import { type PythonUser, publish, pythonUser } from './python-client.ts';
import { twine7 } from './tools/twine.ts';
import { uvPublish } from './tools/uv.ts';

let ground: Playground;
let user: PythonUser;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await pythonUser();
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

const setup = () => ({ endpoint: ground.endpoint('pypi', ground.project), token: ground.tokens.personal });

function textFile(fileName: string, text: string): Built {
  return { fileName, bytes: new Uint8Array(Buffer.from(text)), metadata: '' };
}

function attested(built: Built, digest = createHash('sha256').update(built.bytes).digest('hex')) {
  const attestation = attestationOf(built.fileName, digest);
  const file = textFile(`${built.fileName}.publish.attestation`, JSON.stringify(attestation));
  return { attestation, files: writeDistributions(user.space, built, file) };
}

async function fetched(url: string): Promise<Response> {
  return fetch(url, {
    headers: {
      'private-token': ground.tokens.personal.secret,
      accept: 'application/vnd.pypi.simple.v1+json',
    },
  });
}

async function listed(name: string): Promise<{ url: string; provenance: string | null }> {
  const page = await fetched(`${setup().endpoint}/simple/${name}/`);
  const { files } = (await page.json()) as { files: { url: string; provenance: string | null }[] };
  const [file] = files;
  if (!file) throw new Error(`no file of ${name} is listed`);
  return file;
}

for (const [client, more] of [
  [twine7, ['--attestations']],
  [uvPublish, []],
] as const) {
  describeTool(client.tool, () => {
    test('publishes attestations, which are served with the file', async () => {
      const name = freshName('attested');
      const { attestation, files } = attested(asWheel(pythonPackage({ name, size: 100 })));
      await succeeded(publish(user, client, setup(), await files, more));
      const { provenance } = await listed(name);
      expect(await (await fetched(provenance ?? '')).json()).toMatchObject({
        version: 1,
        attestation_bundles: [{ attestations: [attestation] }],
      });
    });

    test('shows why attestations of other bytes are refused', async () => {
      const { files } = attested(
        asWheel(pythonPackage({ name: freshName('forged'), size: 100 })),
        'a'.repeat(64),
      );
      const seen = await failed(publish(user, client, setup(), await files, more));
      expect(seen).toMatch(/400.*Invalid attestations: an attestation is about .* not about/);
    });
  });
}

describeTool(twine7.tool, () => {
  test('publishes a signature, which is served beside the file', async () => {
    const name = freshName('signed');
    const built = asWheel(pythonPackage({ name, size: 100 }));
    const text = '-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n';
    const files = await writeDistributions(user.space, built, textFile(`${built.fileName}.asc`, text));
    await succeeded(publish(user, twine7, setup(), files));
    const { url } = await listed(name);
    expect(await (await fetched(`${url}.asc`)).text()).toBe(text);
  });
});
