import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { base64Bytes } from '../../../../services/formats/npm/publish/base64-bytes.ts';

async function decoded(text: string, size: number): Promise<Buffer> {
  async function* parts() {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
  }
  const bytes: Uint8Array[] = [];
  for await (const part of base64Bytes(parts())) bytes.push(part);
  return Buffer.concat(bytes);
}

describe('streamed Base64', () => {
  test('is decoded from chunks of any size, with and without padding', async () => {
    for (let length = 0; length < 40; length++) {
      const bytes = randomBytes(length);
      const text = bytes.toString('base64');
      for (const size of [1, 2, 3, 4, 5, 7, 100]) {
        expect((await decoded(text, size)).equals(bytes)).toBe(true);
        expect((await decoded(text.replaceAll('=', ''), size)).equals(bytes)).toBe(true);
      }
    }
  });

  test.each(['A', 'AAAAA', 'AA AA', 'AAA!', 'AA==AAAA', 'AA=A', 'A===', '====', 'AAAA\n', 'Ää=='])(
    'is rejected if it is invalid: %j',
    async (text) => {
      for (const size of [1, 3, 4, 100]) {
        await expect(decoded(text, size)).rejects.toMatchObject({ name: 'InvalidBase64' });
      }
    },
  );
});
