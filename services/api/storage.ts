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

const migrationParams = z.object({
  /** The two storage locations that the caller expects; checked if present. */
  from: text.optional(),
  to: text.optional(),
  dry_run: flag.optional(),
  concurrency: integer.pipe(z.number().min(1).max(64)).optional(),
});

/** The default number of blobs copied concurrently. */
const CONCURRENCY = 8;

/**
 * `/admin/storage`, which GitLab does not have: the storage location of the blobs, and their migration, which a
 * server started with two storage locations runs in the background. For administrators only. The target can't be
 * set here: an API that can send every package to any address would make tokens worth stealing.
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
    const params = await readParams(c, migrationParams);
    const home = await findHome(registry.table);
    if (home?.from === undefined) {
      throw new RegistryError(
        'conflict',
        'This server has no storage location to move blobs from: start it with --migrate-from',
      );
    }
    const { from, location: to } = home;
    if ((params.from ?? from) !== from || (params.to ?? to) !== to) {
      throw new RegistryError('conflict', `This server moves blobs from ${from} to ${to}`);
    }
    const dryRun = params.dry_run ?? false;
    const concurrency = params.concurrency ?? CONCURRENCY;
    const job = await startMigration(registry, { from, to, dryRun, concurrency });
    return replyJson(c, 201, migrationJson(job));
  });
}
