import * as z from 'zod';
import type { MigrationJson } from '../api/json/storage-json.ts';
import { type BlobProblem, blobProblemKinds } from '../registry/maintenance/storage-problems.ts';
import { apiClient } from './api-client.ts';

const amount = z.object({ blobs: z.number(), bytes: z.number() });

const problem = z.object({
  kind: z.enum(Object.keys(blobProblemKinds) as [BlobProblem['kind']]),
  sha256: z.string().nullable(),
  storage_key: z.string(),
  detail: z.string(),
  files: z.array(z.string()),
});

const migration = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  dry_run: z.boolean(),
  concurrency: z.number(),
  state: z.enum(['running', 'finished']),
  phase: z.enum(['counting', 'copying', 'checking']),
  total: amount,
  to_copy: amount,
  done: amount,
  copied: amount,
  unknown: amount,
  problem_count: z.number(),
  problems: z.array(problem),
  failure: z.string().nullable(),
  started_at: z.string().nullable(),
  updated_at: z.string().nullable(),
  finished_at: z.string().nullable(),
}) satisfies z.ZodType<MigrationJson>;

const storage = z.object({
  location: z.string().nullable(),
  migrating_from: z.string().nullable(),
  migration: migration.nullable(),
  dry_run: migration.nullable(),
});

/** The state of a server's storage. */
export type StorageState = z.infer<typeof storage>;

/** The part of a server's API that `packhouse migrate-storage` uses. */
export interface RegistryClient {
  storage(): Promise<StorageState>;
  start(order: { dry_run: boolean; concurrency: number }): Promise<MigrationJson>;
}

/** A client for the server at `url` with an administrator's token. */
export function registryClient(url: string, token: string): RegistryClient {
  const api = apiClient(url, token, (status) =>
    status === 401 || status === 403 ? "an administrator's token is required" : undefined,
  );
  return {
    storage: () => api.get(storage, '/admin/storage'),
    start: (order) => api.post(migration, '/admin/storage/migrations', order),
  };
}
