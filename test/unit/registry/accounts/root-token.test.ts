import { beforeEach, describe, expect, test } from 'vitest';
import { ensureRoot } from '../../../../services/registry/accounts/ensure-root.ts';
import { rootTokenIn } from '../../../../services/registry/accounts/root-token.ts';
import { isWellFormedSecret } from '../../../../services/registry/accounts/token-secret.ts';
import { startApp, type TestApp } from '../../../kit/start-app.ts';

let app: TestApp;
beforeEach(async () => {
  app = await startApp();
});

function storeWith(text: string) {
  const store = {
    text,
    read: async () => store.text,
    async write(token: string) {
      store.text = token;
    },
  };
  return store;
}

const works = async (token: string) => (await app.send('GET', '/api/v4/user', { token })).status === 200;

describe('the token of the user root in the store of a deployment', () => {
  test('is replaced before its first use by one that secret scanners recognise', async () => {
    const store = storeWith('x'.repeat(40));
    const token = await rootTokenIn(app.registry, store);
    expect([isWellFormedSecret(token), store.text]).toEqual([true, token]);
    // A bootstrap that failed after this is run again.
    expect(await rootTokenIn(app.registry, store)).toBe(token);
    await ensureRoot(app.registry, token);
    expect(await works(token)).toBe(true);
  });

  test('stays once it is in use, and can be replaced by a person', async () => {
    const old = storeWith('x'.repeat(40));
    await ensureRoot(app.registry, old.text);
    expect(await rootTokenIn(app.registry, old)).toBe('x'.repeat(40));
    const chosen = storeWith('y'.repeat(40));
    await ensureRoot(app.registry, await rootTokenIn(app.registry, chosen));
    expect([await works('x'.repeat(40)), await works('y'.repeat(40))]).toEqual([false, true]);
  });
});
