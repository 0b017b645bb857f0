import * as z from 'zod';
import type { MigrationJson } from '../api/json/storage-json.ts';
import type { ProblemKind } from '../registry/maintenance/storage-problems.ts';
import { problemKinds } from '../registry/maintenance/storage-problems.ts';
import { CommandFailed } from './command.ts';

const amount = z.object({ blobs: z.number(), bytes: z.number() });

const problem = z.object({
  kind: z.enum(Object.keys(problemKinds) as [ProblemKind, ...ProblemKind[]]),
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
  place: z.string().nullable(),
  migrating_from: z.string().nullable(),
  migration: migration.nullable(),
  dry_run: migration.nullable(),
});

/** What a server tells of its storage. */
export type StorageState = z.infer<typeof storage>;

/** Thrown while a server does not answer, which may pass. */
export class NoAnswer extends CommandFailed {
  override readonly name = 'NoAnswer';
}

/** The part of a server's API that `packhouse migrate-storage` uses. */
export interface RegistryClient {
  storage(): Promise<StorageState>;
  start(order: { dry_run: boolean; concurrency: number }): Promise<MigrationJson>;
}

/** How long a server may take to answer, in milliseconds. */
const PATIENCE = 30_000;

/** Speaks to the server at `url` with a token of an administrator. */
export function registryClient(url: string, token: string): RegistryClient {
  async function ask<T>(schema: z.ZodType<T>, path: string, body?: object): Promise<T> {
    const headers = { 'private-token': token, ...(body && { 'content-type': 'application/json' }) };
    const signal = AbortSignal.timeout(PATIENCE);
    const request = { headers, signal, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
    const answer = await fetch(`${url}/api/v4/admin/storage${path}`, request).catch((cause: unknown) => {
      throw new NoAnswer(`${url} does not answer`, { cause });
    });
    const said = await answer.text().catch((cause: unknown) => {
      throw new NoAnswer(`${url} broke off its answer`, { cause });
    });
    if (answer.status >= 500) throw new NoAnswer(`${url} answers ${answer.status}`);
    if (!answer.ok) throw new CommandFailed(refusalOf(url, answer.status, said));
    const parsed = schema.safeParse(jsonOf(said));
    if (!parsed.success) throw new CommandFailed(`${url} does not answer as a Packhouse server would`);
    return parsed.data;
  }

  return {
    storage: () => ask(storage, ''),
    start: (order) => ask(migration, '/migrations', order),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(url: string, status: number, said: string): string {
  const { message, error } = (jsonOf(said) ?? {}) as { message?: unknown; error?: unknown };
  const reason = [message, error].find((each) => typeof each === 'string') ?? said.slice(0, 200);
  const hint = status === 401 || status === 403 ? ' (it takes the token of an administrator)' : '';
  return `${url} answers ${status}: ${reason}${hint}`;
}
