/**
 * Publishes toy packages into the data directory named on the command line and reads their index, without end: two
 * loops publish and sometimes remove, and two read. Prints a line of JSON for each change once it is acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { Project } from '../../services/domain/accounts.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { anotherProcess, toyPackages } from './toy-index.ts';

/** A change that the store has acknowledged. */
export interface Acknowledged {
  readonly change: 'published' | 'removed';
  /** As `toyPackages(...).listed()` returns it. */
  readonly version: string;
}

const [directory = '', run = '', project = '{}'] = process.argv.slice(2);
const stores = await openEmbedded(directory);
const registry = anotherProcess(createRegistry(stores, { url: 'http://registry.test' }), stores.seal);
const toys = toyPackages(registry, JSON.parse(project) as Project);

function acknowledge(change: Acknowledged['change'], version: string): void {
  process.stdout.write(`${JSON.stringify({ change, version } satisfies Acknowledged)}\n`);
}

async function publishing(loop: number): Promise<void> {
  for (let number = 0; ; number++) {
    const [name, version] = [`app${loop}`, `${run}.${number}`];
    await toys.publish(name, version, { metadata: { description: randomBytes(2000).toString('base64') } });
    acknowledge('published', `${name} ${version}`);
    if (number % 3) continue;
    await toys.remove(name, version);
    acknowledge('removed', `${name} ${version}`);
  }
}

async function reading(): Promise<void> {
  for (;;) {
    await toys.document('InRelease');
    // Reading from memory does not wait for anything; this lets the other loops run.
    await new Promise(setImmediate);
  }
}

await Promise.all([publishing(1), publishing(2), reading(), reading()]);
