import { parseArgs } from 'node:util';
import * as z from 'zod';
import type { StorageHome } from '../../registry/storage/storage-home.ts';
import { normalPrefix, type Place, parsePlace, placeName, writePlace } from './places.ts';

/** What `packhouse serve` can be told, by a flag or by the variable of the same name (`--port`, `PACKHOUSE_PORT`). */
const Settings = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65535).default(8080),
  dataDir: z.string().min(1).default('./data'),
  url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  rootToken: z.string().min(20, 'must have at least 20 characters').optional(),
  log: z.enum(['debug', 'info', 'error', 'silent']).default('info'),
  proxyDownload: z.stringbool().default(false),
  bucket: z.string().min(3).optional(),
  table: z.string().min(3).optional(),
  auditTable: z.string().min(3).optional(),
  region: z.string().optional(),
  awsEndpoint: z.url().optional(),
  s3Endpoint: z.url().optional(),
  s3PathStyle: z.stringbool().default(false),
  s3Prefix: z.string().transform(readWith(normalPrefix)).optional(),
  migrateFrom: z.string().transform(readWith(parsePlace)).optional(),
});

/** A step of a schema that reads text by a function whose errors say what is wrong. */
function readWith<T>(read: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return read(text);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  };
}

/** The settings of a server. */
export type ServerSettings = z.infer<typeof Settings>;

/** The name of a setting. */
export type Name = keyof ServerSettings;

/** Names of settings as variables and flags: `dataDir` is `PACKHOUSE_DATA_DIR` and `--data-dir`. */
const names = Object.keys(Settings.shape) as Name[];
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variable = (name: string) => `PACKHOUSE_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/** A setting that is wrong, in words for who started the server. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** What of the settings says where records and blobs are. */
export const storeSettings: readonly Name[] = [
  'dataDir',
  'bucket',
  's3Prefix',
  's3Endpoint',
  's3PathStyle',
  'migrateFrom',
  'table',
  'auditTable',
  'region',
  'awsEndpoint',
];

/** Reads the settings, or `only` some of them, from flags, then from the environment. */
export function readSettings(
  flags: readonly string[],
  environment: NodeJS.ProcessEnv,
  only: readonly Name[] = names,
): ServerSettings {
  const given = readFlags(flags, only);
  const values: Record<string, string> = {};
  for (const name of only) {
    const value = given[kebab(name)] ?? environment[variable(name)];
    if (value !== undefined && value !== '') values[name] = value;
  }
  const parsed = Settings.safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `  --${kebab(name)} (${variable(name)}): ${issue.message}`;
    });
    throw new SettingsError(`These settings are not right:\n${problems.join('\n')}`);
  }
  if (parsed.data.table && !parsed.data.auditTable) {
    throw new SettingsError('PACKHOUSE_TABLE needs PACKHOUSE_AUDIT_TABLE beside it');
  }
  if (parsed.data.table && !parsed.data.bucket && only.includes('bucket')) {
    throw new SettingsError('PACKHOUSE_TABLE needs PACKHOUSE_BUCKET beside it');
  }
  checkMigration(parsed.data);
  return parsed.data;
}

function checkMigration(settings: ServerSettings): void {
  const { migrateFrom, table } = settings;
  if (migrateFrom && writePlace(migrateFrom) === writePlace(homeOf(settings))) {
    throw new SettingsError('PACKHOUSE_MIGRATE_FROM names the place where blobs are kept anyway');
  }
  if (migrateFrom?.kind === 'local' && table) {
    throw new SettingsError(
      'PACKHOUSE_MIGRATE_FROM=local needs the records in the data directory, not in a table',
    );
  }
}

/** The places of the settings, as they are kept on record. */
export function homeNames(settings: ServerSettings): StorageHome {
  const { migrateFrom } = settings;
  return { place: placeName(homeOf(settings)), from: migrateFrom && placeName(migrateFrom) };
}

/** Where a server with these settings keeps blobs. */
export function homeOf(settings: ServerSettings): Place {
  const { bucket, s3Prefix = '', s3PathStyle, s3Endpoint, awsEndpoint, region } = settings;
  if (bucket === undefined) return { kind: 'local' };
  return {
    kind: 's3',
    bucket,
    prefix: s3Prefix,
    region,
    endpoint: s3Endpoint ?? awsEndpoint,
    pathStyle: s3PathStyle,
  };
}

function readFlags(flags: readonly string[], only: readonly Name[]): Record<string, string> {
  const options = Object.fromEntries(only.map((name) => [kebab(name), { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...flags], options, strict: true }).values as Record<string, string>;
  } catch (error) {
    throw new SettingsError((error as Error).message);
  }
}

/** One line per setting, for the help of a command that takes them, or `only` some of them. */
export function describeSettings(only: readonly Name[] = names): string {
  return only.map((name) => `  --${kebab(name).padEnd(16)} ${variable(name)}`).join('\n');
}
