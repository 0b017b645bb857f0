import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { sweep } from '../../services/jobs/sweep.ts';
import { systemClock } from '../../services/ports/clock.ts';
import { createRegistry } from '../../services/runtime/compose.ts';
import { openStores } from '../../services/runtime/server/open-stores.ts';
import { readSettings } from '../../services/runtime/server/settings.ts';
import { awsResources } from '../kit/aws-resources.ts';
import { startMinistack } from '../kit/ministack.ts';
import { listAll } from '../kit/publish.ts';
import { type RunningCommand, startServer } from '../kit/run-packhouse.ts';

/** A server in a process of its own. */
export type Server = RunningCommand & { readonly url: string };

/** Stores on which servers are run, one after the other. */
export interface Host {
  /** The flags of `packhouse` for these stores. */
  readonly stores: readonly string[];
  /** How many uploads have begun in the blob store and neither ended nor been cleaned up. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

/** The administrator's token on every server here. */
export const rootToken = 'root-token-of-large-tests';

/** Starts a server on the stores of a host. */
export function serveFrom(host: Host, ...flags: readonly string[]): Promise<Server> {
  return startServer([...host.stores, '--port', '0', '--root-token', rootToken, ...flags]);
}

/** One machine: everything in a data directory. */
export async function oneMachine(): Promise<Host> {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-large-'));
  return {
    stores: ['--data-dir', directory],
    unfinished: async () => (await readdir(join(directory, 'uploads'))).length,
    close: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** DynamoDB and S3, of an emulator that keeps them in its memory. */
export async function ministackHost(): Promise<Host> {
  const ministack = await startMinistack();
  const { s3, bucket: makeBucket, table, close } = awsResources(ministack.endpoint);
  const bucket = await makeBucket();
  return {
    stores: [
      ...['--table', await table(), '--audit-table', await table()],
      ...['--bucket', bucket, '--s3-path-style', 'true', '--aws-endpoint', ministack.endpoint],
    ],
    async unfinished() {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.length;
    },
    async close() {
      close();
      await ministack.stop();
    },
  };
}

/** Sweeps the stores, while no server runs, as if the grace period were over; returns the number of blobs left. */
export async function sweepLater(host: Host): Promise<number> {
  const stores = await openStores(readSettings(host.stores, {}));
  try {
    const later = 2 * 24 * 3600 * 1000;
    const clock = { now: () => systemClock.now() + later };
    await sweep(createRegistry({ ...stores, clock }, { url: 'http://registry.test' }));
    return (await listAll(stores.blobs)).length;
  } finally {
    await stores.close();
  }
}
