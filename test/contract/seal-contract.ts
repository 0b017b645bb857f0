import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Seal, SealBroken } from '../../services/ports/seal.ts';

/** A host that seals. `open` returns the seal of another process of it, `other` that of another host. */
export interface SealHost {
  open(): Seal;
  other(): Seal;
  close(): Promise<void>;
}

/** Checks the promises of the `Seal` port, on the host that `start` returns. */
export function describeSeal(name: string, start: () => Promise<SealHost>): void {
  describe(`Seal contract: ${name}`, () => {
    let host: SealHost;
    beforeEach(async () => {
      host = await start();
    });
    afterEach(() => host.close());

    const secret = Buffer.from('a very private key');

    test('a value that one process has sealed can be opened by another', async () => {
      const sealed = await host.open().seal(secret, 'key 1');
      expect(Buffer.from(await host.open().open(sealed, 'key 1'))).toEqual(secret);
    });

    test('a sealed value does not contain the secret, and is different each time', async () => {
      const seal = host.open();
      const [first, second] = [await seal.seal(secret, 'key'), await seal.seal(secret, 'key')];
      expect(Buffer.from(first).includes('private')).toBe(false);
      expect(Buffer.from(first).equals(second)).toBe(false);
    });

    test('a value opens only for the context it was sealed for', async () => {
      const sealed = await host.open().seal(secret, 'key 1');
      await expect(host.open().open(sealed, 'key 2')).rejects.toThrow(SealBroken);
    });

    test('a changed byte anywhere is detected', async () => {
      const seal = host.open();
      const sealed = await seal.seal(secret, 'key');
      for (let at = 0; at < sealed.length; at++) {
        const changed = new Uint8Array(sealed);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await expect(seal.open(changed, 'key')).rejects.toThrow(SealBroken);
      }
      await expect(seal.open(sealed.subarray(0, 20), 'key')).rejects.toThrow(SealBroken);
    });

    test('another host reports which key sealed the value', async () => {
      const sealed = await host.open().seal(secret, 'key');
      await expect(host.other().open(sealed, 'key')).rejects.toThrow(/sealed with the key [0-9a-f]{16}/);
    });

    test('processes that seal for the first time concurrently agree on one key', async () => {
      const seals = Array.from({ length: 8 }, () => host.open());
      const sealed = await Promise.all(seals.map((seal, index) => seal.seal(secret, `key ${index}`)));
      for (const [index, each] of sealed.entries()) {
        expect(Buffer.from(await host.open().open(each, `key ${index}`))).toEqual(secret);
      }
    });
  });
}
