/**
 * Publishes without end into the data directory named on the command line: eight loops, each storing a blob and then
 * writing one transaction that refers to it. Prints a line of JSON for each publish once it is acknowledged.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';

/** A publish that the store has acknowledged. */
export interface Acknowledged {
  readonly pk: string;
  readonly id: string;
}

const [directory = '', run = ''] = process.argv.slice(2);
const { table, blobs } = await openEmbedded(directory);

async function publish(pk: string, id: string): Promise<void> {
  const bytes = randomBytes(randomInt(1, 300_000));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = `data/${sha256.slice(0, 2)}/${sha256}.${id}`;
  await blobs.put(key, [bytes.subarray(0, 1000), bytes.subarray(1000)] as never);
  await table.write([
    { put: { pk, sk: `version ${id}`, key }, when: { exists: false } },
    { put: { pk, sk: `file ${id}`, key, size: bytes.byteLength } },
    { put: { pk: `blob ${key}`, sk: 'blob', index1pk: 'blobs', index1sk: key, id } },
    { put: { pk: 'events', sk: id, bytes: bytes.subarray(0, 100) } },
    { update: { pk, sk: 'head' }, add: { versions: 1 }, set: { latest: id } },
  ]);
}

async function loop(number: number): Promise<void> {
  for (let n = 0; ; n++) {
    const acknowledged: Acknowledged = { pk: `package ${number % 3}`, id: `${run}-${number}-${n}` };
    await publish(acknowledged.pk, acknowledged.id);
    process.stdout.write(`${JSON.stringify(acknowledged)}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, number) => loop(number)));
