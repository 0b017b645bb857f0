import { createHash, createPublicKey, verify } from 'node:crypto';
import { createMessage, readCleartextMessage, readKeys, readSignature, verify as verifyPgp } from 'openpgp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Seal } from '../../services/ports/seal.ts';
import type { KeyOwner, PublicKey, Signer } from '../../services/ports/signer.ts';
import type { Table } from '../../services/ports/table.ts';
import { ranges } from '../../services/registry/records/keys.ts';
import { newOpenpgpKey } from '../../services/registry/signing/openpgp-keys.ts';
import { newRsaKey } from '../../services/registry/signing/rsa-keys.ts';
import { tableSigner } from '../../services/registry/signing/table-signer.ts';
import { newTokenKey } from '../../services/registry/signing/token-keys.ts';
import { fakeClock } from '../kit/fake-clock.ts';

/** What a host signs with. `seal` returns the seal of another process. */
export interface SigningHost {
  readonly table: Table;
  seal(): Seal;
  close(): Promise<void>;
}

const HOUR = 3600_000;
const owner: KeyOwner = { kind: 'project', id: 7 };

/** Checks the promises of the `Signer` port, on the host that `start` returns. */
export function describeSigner(name: string, start: () => Promise<SigningHost>): void {
  describe(`Signer contract: ${name}`, () => {
    let host: SigningHost;
    let clock: ReturnType<typeof fakeClock>;
    beforeEach(async () => {
      host = await start();
      clock = fakeClock();
    });
    afterEach(() => host.close());

    /** The signer of another process. */
    const signer = (): Signer =>
      tableSigner({
        table: host.table,
        clock,
        seal: host.seal(),
        registry: 'http://registry.test',
        make: {
          openpgp: ({ kind, id }) =>
            newOpenpgpKey(`${kind} ${id} of http://registry.test`, clock.now(), 2048),
          rsa: () => newRsaKey(2048),
          es256: () => newTokenKey(),
        },
      });

    /** The ids of those keys that have a valid signature on the text. */
    async function pgpSigners(keys: readonly PublicKey[], clear: string): Promise<string[]> {
      const verificationKeys = (
        await Promise.all(keys.map(({ publicKey }) => readKeys({ armoredKeys: publicKey })))
      ).flat();
      const message = await readCleartextMessage({ cleartextMessage: clear });
      const { signatures } = await verifyPgp({ message, verificationKeys, date: new Date(clock.now()) });
      const held = await Promise.allSettled(signatures.map((each) => each.verified));
      return signatures.flatMap(({ keyID }, index) =>
        held[index]?.status === 'fulfilled'
          ? verificationKeys.filter((key) => key.getKeyID().equals(keyID)).map((key) => key.getFingerprint())
          : [],
      );
    }

    test('processes that need a key concurrently agree on one, which signs for all', async () => {
      const signers = Array.from({ length: 4 }, signer);
      const texts = await Promise.all(signers.map((each) => each.of(owner).clearSign('Origin: here\n- x\n')));
      const published = await signer().publicKeys(owner, 'openpgp');
      expect(published).toHaveLength(1);
      for (const text of texts) expect(await pgpSigners(published, text)).toEqual([published[0]?.id]);
    });

    test('a detached signature is valid for the signed bytes and no others', async () => {
      const bytes = Buffer.from('Origin: here\n');
      const armored = await signer().of(owner).detachedSign(bytes);
      const [key] = await signer().publicKeys(owner, 'openpgp');
      const holds = async (binary: Uint8Array) => {
        const { signatures } = await verifyPgp({
          message: await createMessage({ binary }),
          signature: await readSignature({ armoredSignature: armored }),
          verificationKeys: await readKeys({ armoredKeys: key!.publicKey }),
          date: new Date(clock.now()),
        });
        return signatures[0]!.verified;
      };
      expect(await holds(bytes)).toBe(true);
      await expect(holds(Buffer.from('Origin: there\n'))).rejects.toThrow(/signed digest did not match/i);
    });

    test('an RSA signature of a digest verifies as a signature of the bytes', async () => {
      const bytes = Buffer.from('APKINDEX');
      for (const hash of ['sha1', 'sha256'] as const) {
        const digest = createHash(hash).update(bytes).digest();
        const [signed, ...others] = await signer().of(owner).signDigest(hash, digest);
        const [key] = await signer().publicKeys(owner, 'rsa');
        expect(others).toEqual([]);
        expect(signed?.keyId).toBe(key?.id);
        expect(verify(hash, bytes, createPublicKey(key!.publicKey), signed!.signature)).toBe(true);
      }
    });

    test('a rotated key signs together with its successor until it expires, and is published until then', async () => {
      const [first] = await signer().publicKeys(owner, 'openpgp');
      const second = await signer().rotate(owner, 'openpgp', HOUR);
      const both = await signer().publicKeys(owner, 'openpgp');
      expect(both.map(({ id, endsAt }) => [id, endsAt])).toEqual([
        [second.id, undefined],
        [first?.id, clock.now() + HOUR],
      ]);
      const overlapping = await signer().of(owner).clearSign('text');
      expect((await pgpSigners(both, overlapping)).sort()).toEqual([first!.id, second.id].sort());
      clock.advance(HOUR);
      expect((await signer().publicKeys(owner, 'openpgp')).map(({ id }) => id)).toEqual([second.id]);
      expect(await pgpSigners(both, await signer().of(owner).clearSign('text'))).toEqual([second.id]);
    });

    test('concurrent rotations make one key, which all of them return', async () => {
      const [first] = await signer().publicKeys(owner, 'rsa');
      const rotated = await Promise.all([1, 2, 3].map(() => signer().rotate(owner, 'rsa', HOUR)));
      expect(new Set(rotated.map(({ id }) => id)).size).toBe(1);
      expect(rotated[0]?.id).not.toBe(first?.id);
      expect(await signer().publicKeys(owner, 'rsa')).toHaveLength(2);
    });

    test('owners have keys of their own, and the table holds no private key unsealed', async () => {
      const others: KeyOwner[] = [{ kind: 'group', id: 7 }, { kind: 'project', id: 8 }, owner];
      const ids = new Set<string | undefined>();
      for (const each of others) ids.add((await signer().publicKeys(each, 'openpgp'))[0]?.id);
      expect(ids.size).toBe(3);
      await signer().publicKeys(owner, 'rsa');
      const { items } = await host.table.query(ranges.signingKeys(owner));
      expect(items.map((item) => item.algorithm)).toEqual(['openpgp', 'rsa']);
      for (const { sealed, ...shown } of items) {
        expect(JSON.stringify(shown)).not.toMatch(/PRIVATE/);
        const bytes = sealed as Uint8Array;
        // The DER of an RSA key and an OpenPGP packet begin like this.
        expect([0x30, 0xc5, 0x95]).not.toContain(bytes[0]);
        expect(Buffer.from(bytes).includes('http://registry.test')).toBe(false);
      }
    });

    test('a sealed key that was moved to another owner cannot be opened', async () => {
      await signer().publicKeys(owner, 'rsa');
      const { items } = await host.table.query(ranges.signingKeys(owner));
      const { pk } = ranges.signingKeys({ kind: 'project', id: 8 });
      await host.table.write(items.map((item) => ({ put: { ...item, pk } })));
      const stolen = signer().of({ kind: 'project', id: 8 }).signDigest('sha1', Buffer.alloc(20));
      await expect(stolen).rejects.toThrow('the value was not sealed for signing key rsa 1 of project 8');
    });

    test('forgetting an owner deletes its keys', async () => {
      const [key] = await signer().publicKeys(owner, 'rsa');
      await signer().forget(owner);
      expect((await host.table.query(ranges.signingKeys(owner))).items).toEqual([]);
      expect((await signer().publicKeys(owner, 'rsa'))[0]?.id).not.toBe(key?.id);
    });
  });
}
