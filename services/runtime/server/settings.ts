import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { jobs } from '../../job-list.ts';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { readJobQueues } from './job-queues.ts';
import { encryptions, normalPrefix, type Place, parsePlace, placeName, storeAddress } from './places.ts';

/** What `packhouse serve` can be told, by a flag or by the variable of the same name (`--port`, `PACKHOUSE_PORT`). */
const Settings = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: whole(0, 65_535).default(8080),
  dataDir: z.string().min(1).default('./data'),
  url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  rootToken: z.string().min(20, 'must have at least 20 characters').optional(),
  log: z.enum(['debug', 'info', 'error', 'silent']).default('info'),
  proxyDownload: z.stringbool().default(false),
  proxyBelow: whole(0, Number.MAX_SAFE_INTEGER).default(65_536),
  allowedDownloadModes: z.string().transform(readWith(readModes)).optional(),
  linkLifetime: whole(60, 3600).default(600),
  retentionDays: whole(0, 365).default(7),
  blobDir: z
    .string()
    .min(1)
    .transform((directory) => resolve(directory))
    .optional(),
  idleSeconds: whole(1, 86_400).default(120),
  bucket: z.string().min(3).optional(),
  table: z.string().min(3).optional(),
  auditTable: z.string().min(3).optional(),
  sealingSecret: z.string().min(1).optional(),
  region: z.string().optional(),
  awsEndpoint: z.string().transform(readWith(storeAddress)).optional(),
  s3Endpoint: z.string().transform(readWith(storeAddress)).optional(),
  s3LinkEndpoint: z.string().transform(readWith(storeAddress)).optional(),
  s3PathStyle: z.stringbool().default(false),
  s3Prefix: z.string().transform(readWith(normalPrefix)).optional(),
  s3Profile: z.string().min(1).optional(),
  s3Encryption: z.enum(encryptions).optional(),
  s3KmsKey: z.string().min(1).optional(),
  cloudfrontUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  cloudfrontKeyId: z.string().min(1).optional(),
  cloudfrontKey: z.string().min(1).optional(),
  migrateFrom: z.string().transform(readWith(parsePlace)).optional(),
  jobQueues: z.string().transform(readWith(readJobQueues)).optional(),
  makeRoot: z.stringbool().default(true),
  deleteBlobs: z.stringbool().default(true),
  trustedProxies: whole(0, 10).default(0),
  keepAliveSeconds: whole(1, 4000).default(65),
  drainSeconds: whole(0, 3600).default(0),
});

/** A whole number between bounds, in words of one kind for whatever is wrong with it. */
function whole(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

/** How a client may get a file: from the registry, or by a link to the store. */
const modes = ['proxy', 'direct'] as const;

function readModes(text: string): readonly (typeof modes)[number][] {
  return text.split(',').map((part) => {
    const mode = modes.find((each) => each === part.trim());
    if (!mode) throw new TypeError(`a list of ${modes.join(', ')}`);
    return mode;
  });
}

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
  'blobDir',
  'bucket',
  's3Prefix',
  's3Endpoint',
  's3PathStyle',
  's3Profile',
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
  checkStores(parsed.data, only);
  checkMigration(parsed.data);
  checkJobs(parsed.data);
  return parsed.data;
}

function checkStores(settings: ServerSettings, only: readonly Name[]): void {
  const { table, auditTable, bucket, blobDir, s3KmsKey, s3Encryption } = settings;
  if (table && !auditTable) {
    throw new SettingsError('PACKHOUSE_TABLE needs PACKHOUSE_AUDIT_TABLE beside it');
  }
  if (table && !bucket && only.includes('bucket')) {
    throw new SettingsError('PACKHOUSE_TABLE needs PACKHOUSE_BUCKET beside it');
  }
  if (blobDir && bucket) {
    throw new SettingsError('PACKHOUSE_BLOB_DIR and PACKHOUSE_BUCKET are two places: blobs are kept in one');
  }
  const cloudfront = [settings.cloudfrontUrl, settings.cloudfrontKeyId, settings.cloudfrontKey, bucket];
  if (cloudfront.slice(0, 3).some(Boolean) && !cloudfront.every(Boolean)) {
    throw new SettingsError(
      'PACKHOUSE_CLOUDFRONT_URL, PACKHOUSE_CLOUDFRONT_KEY_ID, PACKHOUSE_CLOUDFRONT_KEY and PACKHOUSE_BUCKET belong together',
    );
  }
  if (s3KmsKey && !s3Encryption?.startsWith('aws:kms')) {
    throw new SettingsError('PACKHOUSE_S3_KMS_KEY needs PACKHOUSE_S3_ENCRYPTION=aws:kms beside it');
  }
}

function checkMigration(settings: ServerSettings): void {
  const { migrateFrom, table } = settings;
  if (migrateFrom && placeName(migrateFrom) === placeName(homeOf(settings))) {
    throw new SettingsError('PACKHOUSE_MIGRATE_FROM names the place where blobs are kept anyway');
  }
  if (migrateFrom?.kind === 'local' && table) {
    throw new SettingsError(
      'PACKHOUSE_MIGRATE_FROM names files of this machine, which need the records in its data directory, not in a table',
    );
  }
}

function checkJobs({ jobQueues, table, deleteBlobs }: ServerSettings): void {
  if (!jobQueues) return;
  if (!table) {
    throw new SettingsError(
      'PACKHOUSE_JOB_QUEUES needs PACKHOUSE_TABLE beside it: without it the server does all jobs',
    );
  }
  const deleting = jobs.find(
    ({ name, rights }) => jobQueues[name] && rights.some((right) => right === 'delete-blobs'),
  );
  if (deleting && !deleteBlobs) {
    throw new SettingsError(
      `PACKHOUSE_JOB_QUEUES names ${deleting.name}, which PACKHOUSE_DELETE_BLOBS forbids`,
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
  const { bucket, blobDir, dataDir, s3Prefix = '', s3Endpoint, awsEndpoint, region } = settings;
  if (bucket === undefined) {
    const own = blobDir === undefined || blobDir === resolve(dataDir);
    return { kind: 'local', directory: own ? undefined : blobDir };
  }
  return {
    kind: 's3',
    bucket,
    prefix: s3Prefix,
    region,
    endpoint: s3Endpoint ?? awsEndpoint,
    pathStyle: settings.s3PathStyle,
    profile: settings.s3Profile,
    encryption: settings.s3Encryption,
    kmsKey: settings.s3KmsKey,
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
  return only.map((name) => `  --${kebab(name).padEnd(22)} ${variable(name)}`).join('\n');
}
