import * as z from 'zod';
import type { MigrationJson } from '../api/json/storage-json.ts';
import { type BlobProblem, blobProblemKinds } from '../registry/maintenance/storage-problems.ts';
import { CommandFailed } from './command.ts';

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

/** A server does not respond, perhaps temporarily. */
export class NoAnswer extends CommandFailed {
  override readonly name = 'NoAnswer';
}

/** The part of a server's API that `packhouse migrate-storage` uses. */
export interface RegistryClient {
  storage(): Promise<StorageState>;
  start(order: { dry_run: boolean; concurrency: number }): Promise<MigrationJson>;
}

/** Timeout for requests, in milliseconds. */
const REQUEST_TIMEOUT = 30_000;

/** A client for the server at `url` with an administrator's token. */
export function registryClient(url: string, token: string): RegistryClient {
  async function send<T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> {
    const headers = { 'private-token': token, ...(body && { 'content-type': 'application/json' }) };
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT);
    const request = { headers, signal, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
    const response = await fetch(`${url}/api/v4/admin/storage${path}`, request).catch((cause: unknown) => {
      throw new NoAnswer(`${url} does not respond`, { cause });
    });
    const text = await response.text().catch((cause: unknown) => {
      throw new NoAnswer(`${url} closed the connection early`, { cause });
    });
    if (response.status >= 500) throw new NoAnswer(`${url} responded with status ${response.status}`);
    if (!response.ok) throw new CommandFailed(refusalOf(url, response.status, text));
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) throw new CommandFailed(`${url} does not respond like a Packhouse server`);
    return parsed.data;
  }

  return {
    storage: () => send(storage, ''),
    start: (order) => send(migration, '/migrations', order),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(url: string, status: number, text: string): string {
  const { message, error } = (jsonOf(text) ?? {}) as { message?: unknown; error?: unknown };
  const reason = [message, error].find((each) => typeof each === 'string') ?? text.slice(0, 200);
  const hint = status === 401 || status === 403 ? " (an administrator's token is required)" : '';
  return `${url} responded with status ${status}: ${reason}${hint}`;
}
