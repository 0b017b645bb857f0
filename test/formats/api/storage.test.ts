import { beforeEach, describe, expect, test } from 'vitest';
import { memoryBlobStore } from '../../../services/adapters/memory/memory-blob-store.ts';
import { runMigration } from '../../../services/registry/maintenance/migrate/migrate-blobs.ts';
import { findMigration } from '../../../services/registry/maintenance/migrate/migration-job.ts';
import { recordHome } from '../../../services/registry/maintenance/migrate/storage-home.ts';
import { type Api, startApi } from './api-client.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});

const migrating = { location: 's3://bucket', from: 'local' };

describe('storage', () => {
  test('is shown only to administrators', async () => {
    const { token } = await api.app.user('ann');
    expect((await api.get('/admin/storage', { token: '' })).status).toBe(401);
    expect((await api.get('/admin/storage', { token })).status).toBe(403);
    expect((await api.post('/admin/storage/migrations', {}, { token })).status).toBe(403);
    await recordHome(api.app.registry.table, { location: 'local' });
    const { body } = await api.get('/admin/storage');
    expect(body).toEqual({ location: 'local', migrating_from: null, migration: null, dry_run: null });
  });

  test('can be migrated only by a server with two storage locations', async () => {
    await recordHome(api.app.registry.table, { location: 'local' });
    const answer = await api.post('/admin/storage/migrations');
    expect([answer.status, answer.body.message]).toEqual([409, expect.stringContaining('--migrate-from')]);
  });

  test('starts a migration once, and joins it after that', async () => {
    await recordHome(api.app.registry.table, migrating);
    const started = await api.post('/admin/storage/migrations', { concurrency: 3 });
    expect([started.status, started.body]).toMatchObject([
      201,
      { from: 'local', to: 's3://bucket', state: 'running', phase: 'counting', concurrency: 3 },
    ]);
    const joined = await api.post('/admin/storage/migrations', { concurrency: 5 });
    expect([joined.body.id, joined.body.concurrency]).toEqual([started.body.id, 5]);
    const dry = await api.post('/admin/storage/migrations', { dry_run: true });
    const { body } = await api.get('/admin/storage');
    expect([body.migration.id, body.dry_run.id]).toEqual([started.body.id, dry.body.id]);
  });

  test('shows the result of a migration', async () => {
    const { registry } = api.app;
    const project = await api.app.project('tools');
    await api.publish(project.id, 'tool', '1.0');
    await recordHome(registry.table, migrating);
    await api.post('/admin/storage/migrations');
    const job = await findMigration(registry.table);
    await runMigration(registry, { from: registry.blobs, to: memoryBlobStore() }, job!);
    const { body } = await api.get('/admin/storage');
    expect(body).toMatchObject({
      location: 's3://bucket',
      migrating_from: null,
      migration: { state: 'finished', copied: { blobs: 1 }, problem_count: 0, problems: [] },
    });
    expect(body.migration.finished_at).toMatch(/^2026-/);
  });

  test.each([
    [{ to: 's3://elsewhere' }, 409],
    [{ from: 's3://elsewhere' }, 409],
    [{ concurrency: 0 }, 400],
    [{ concurrency: 'many' }, 400],
    [{ dry_run: 'perhaps' }, 400],
  ])('rejects a migration with %j', async (parameters, status) => {
    await recordHome(api.app.registry.table, migrating);
    expect((await api.post('/admin/storage/migrations', parameters)).status).toBe(status);
  });
});
