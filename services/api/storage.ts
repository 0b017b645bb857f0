import type { Hono } from 'hono';
import * as z from 'zod';
import { RegistryError } from '../domain/errors.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { findMigration, startMigration } from '../registry/maintenance/migrate/migration-job.ts';
import { findHome } from '../registry/maintenance/migrate/storage-home.ts';
import { migrationJson, storageJson } from './json/storage-json.ts';
import { flag, integer, readParams, text } from './params.ts';
import { administrator, scopes } from './request.ts';

const order = z.object({
  /** What the caller believes the two places to be; checked when given. */
  from: text.optional(),
  to: text.optional(),
  dry_run: flag.optional(),
  concurrency: integer.pipe(z.number().min(1).max(64)).optional(),
});

/** How many blobs are copied at a time unless the caller says otherwise. */
const CONCURRENCY = 8;

/**
 * `/admin/storage`, which GitLab has no like of: where the blobs are, and the move of them that a server which was
 * started with two places does in the background. Only administrators, and nothing here says where to: an API that could
 * send every package to any address would be worth stealing a token for.
 */
export function storageRoutes(app: Hono<CallEnv>): void {
  app.get('/admin/storage', async (c) => {
    await administrator(c, scopes.read);
    const { table } = c.env.registry;
    const [home, job, dryRun] = await Promise.all([
      findHome(table),
      findMigration(table),
      findMigration(table, { dryRun: true }),
    ]);
    return replyJson(c, 200, storageJson(home, job, dryRun));
  });
  app.post('/admin/storage/migrations', async (c) => {
    await administrator(c, scopes.write);
    const { registry } = c.env;
    const given = await readParams(c, order);
    const home = await findHome(registry.table);
    if (home?.from === undefined) {
      throw new RegistryError(
        'conflict',
        'This server has no place to move blobs from: start it with --migrate-from',
      );
    }
    const { from, place: to } = home;
    if ((given.from ?? from) !== from || (given.to ?? to) !== to) {
      throw new RegistryError('conflict', `This server moves blobs from ${from} to ${to}`);
    }
    const dryRun = given.dry_run ?? false;
    const concurrency = given.concurrency ?? CONCURRENCY;
    const job = await startMigration(registry, { from, to, dryRun, concurrency });
    return replyJson(c, 201, migrationJson(job));
  });
}
