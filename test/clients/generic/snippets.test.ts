import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { makeWorkspace } from '../client.ts';
import { noise } from '../noise.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

test('the instructions shown to users publish and fetch a file', async () => {
  const secret = ground.tokens.personal.secret;
  const facts = { name: 'shown', version: '1.0', owner: ground.project };
  const space = await makeWorkspace();
  try {
    const bytes = noise(100_000);
    await space.write('shown.zip', bytes);
    await succeeded(
      paste(space, shown(ground, 'generic', { ...facts, client: 'curl', steps: ['publish'] }), { secret }),
    );
    for (const client of ['curl', 'wget']) {
      const target = await makeWorkspace();
      try {
        const snippets = shown(ground, 'generic', { ...facts, client, steps: ['install'] });
        await succeeded(paste(target, snippets, { secret }));
        expect(bytes.equals(await readFile(join(target.project, 'shown.zip')))).toBe(true);
      } finally {
        await target.remove();
      }
    }
  } finally {
    await space.remove();
  }
});
