import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { jobs } from '../../job-list.ts';
import type { StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { flagProblem } from '../../shared/text/flag-problem.ts';
import { hasUnspecifiedHost, isUnspecified, UNSPECIFIED_HOST } from '../../shared/unspecified-host.ts';
import { addressOf, isLoopback } from './address-of.ts';
import { readJobQueues } from './job-queues.ts';
import { groupedHelp, listedHelp } from './settings-help.ts';
import {
  encryptions,
  locationName,
  normalPrefix,
  parseLocation,
  type StorageLocation,
  storeAddress,
} from './storage-location.ts';

/** The settings of `packhouse serve`, given as a flag or environment variable (`--port`, `PACKHOUSE_PORT`). */
const Settings = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: whole(0, 65_535).default(8080),
  dataDir: z.string().min(1).default('./data'),
  url: publicUrl().optional(),
  rootToken: z.string().min(20, 'must have at least 20 characters').optional(),
  metricsToken: z.string().min(20, 'must have at least 20 characters').optional(),
  log: z.enum(['debug', 'info', 'error', 'silent']).default('info'),
  proxyDownload: z.stringbool().default(false),
  proxyBelow: whole(0, Number.MAX_SAFE_INTEGER).default(65_536),
  allowedDownloadModes: z.string().transform(readWith(readModes)).optional(),
  linkLifetime: whole(60, 3600).default(600),
  retentionDays: whole(0, 365).default(7),
  pathReservationDays: whole(0, 3650).default(90),
  untaggedDays: whole(1, 3650).default(7),
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
  s3LinkEndpoint: z
    .string()
    .refine(isReachable, UNSPECIFIED_HOST)
    .transform(readWith(storeAddress))
    .optional(),
  s3PathStyle: z.stringbool().default(false),
  s3Prefix: z.string().transform(readWith(normalPrefix)).optional(),
  s3Profile: z.string().min(1).optional(),
  s3Encryption: z.enum(encryptions).optional(),
  s3KmsKey: z.string().min(1).optional(),
  cloudfrontUrl: publicUrl().optional(),
  cloudfrontKeyId: z.string().min(1).optional(),
  cloudfrontKey: z.string().min(1).optional(),
  migrateFrom: z.string().transform(readWith(parseLocation)).optional(),
  jobQueues: z.string().transform(readWith(readJobQueues)).optional(),
  makeRoot: z.stringbool().default(true),
  deleteBlobs: z.stringbool().default(true),
  trustedProxies: whole(0, 10).default(0),
  corsOrigins: z.string().transform(readWith(readOrigins)).default([]),
  keepAliveSeconds: whole(1, 4000).default(65),
  drainSeconds: whole(0, 3600).default(0),
});

/** A URL that clients are sent, without a slash at the end. */
function publicUrl() {
  return z
    .url({ protocol: /^https?$/ })
    .refine(isReachable, UNSPECIFIED_HOST)
    .transform((url) => url.replace(/\/+$/, ''));
}

function isReachable(url: string): boolean {
  return !hasUnspecifiedHost(url);
}

/** A whole number between bounds, with the same error message for every kind of invalid value. */
function whole(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

/** How a client may get a file: through the registry, or by a link to the blob store. */
const modes = ['proxy', 'direct'] as const;

function readModes(text: string): readonly (typeof modes)[number][] {
  return text.split(',').map((part) => {
    const mode = modes.find((each) => each === part.trim());
    if (!mode) throw new TypeError(`must be a list of ${modes.join(', ')}`);
    return mode;
  });
}

/** Origins of pages that may use the registry from a browser, as browsers write them; `*` for all. */
function readOrigins(text: string): readonly string[] {
  return text.split(',').map((part) => {
    const origin = part.trim();
    if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)) return origin;
    throw new TypeError('must be a list of origins such as https://portal.example.com, or *');
  });
}

/** A schema step that parses text with a function whose error message says what is wrong. */
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

/** Setting names as flags and variables: `dataDir` is `--data-dir` and `PACKHOUSE_DATA_DIR`. */
const names = Object.keys(Settings.shape) as Name[];
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variable = (name: string) => `PACKHOUSE_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/** The flags of all settings, without dashes. */
export const settingFlags: readonly string[] = names.map(kebab);

/** An invalid setting, with a message for the person who started the server. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Checks that a server knows an address that clients can connect to. Clients are sent links that start with it.
 * @throws SettingsError when it listens on all addresses of its machine and no URL is set
 */
export function requireUrl({ host, port, url }: Pick<ServerSettings, 'host' | 'port' | 'url'>): void {
  if (url !== undefined || !isUnspecified(host)) return;
  throw new SettingsError(
    `--host ${host} accepts connections at every address of this machine, and clients need one address for all links: set it with --url (PACKHOUSE_URL), for example --url ${addressOf('packages.example.com', port)}`,
  );
}

/** Whether other machines can connect to a server with these settings, but not to the links that it sends. */
export function hasOnlyLocalUrl({ host, url }: Pick<ServerSettings, 'host' | 'url'>): boolean {
  return isUnspecified(host) && url !== undefined && isLoopback(new URL(url).hostname);
}

/** The settings that say where records and blobs are stored. */
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

/**
 * Reads all settings, or those named by `only`, from flags, then from the environment.
 * @throws SettingsError that names everything that is invalid
 */
export function readSettings(
  flags: readonly string[],
  environment: NodeJS.ProcessEnv,
  only: readonly Name[] = names,
): ServerSettings {
  const flagValues = readFlags(flags, only);
  const values: Record<string, string> = {};
  for (const name of only) {
    const value = flagValues[kebab(name)] ?? environment[variable(name)];
    if (value !== undefined && value !== '') values[name] = value;
  }
  const parsed = Settings.safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `  --${kebab(name)} (${variable(name)}): ${issue.message}`;
    });
    throw new SettingsError(`Invalid settings:\n${problems.join('\n')}`);
  }
  checkStores(parsed.data, only);
  checkMigration(parsed.data);
  checkJobs(parsed.data);
  return parsed.data;
}

function checkStores(settings: ServerSettings, only: readonly Name[]): void {
  const { table, auditTable, bucket, blobDir, s3KmsKey, s3Encryption } = settings;
  if (table && !auditTable) {
    throw new SettingsError('PACKHOUSE_TABLE requires PACKHOUSE_AUDIT_TABLE');
  }
  if (table && !bucket && only.includes('bucket')) {
    throw new SettingsError('PACKHOUSE_TABLE requires PACKHOUSE_BUCKET');
  }
  if (blobDir && bucket) {
    throw new SettingsError(
      'PACKHOUSE_BLOB_DIR and PACKHOUSE_BUCKET are two storage locations: set only one',
    );
  }
  const cloudfront = [settings.cloudfrontUrl, settings.cloudfrontKeyId, settings.cloudfrontKey, bucket];
  if (cloudfront.slice(0, 3).some(Boolean) && !cloudfront.every(Boolean)) {
    throw new SettingsError(
      'PACKHOUSE_CLOUDFRONT_URL, PACKHOUSE_CLOUDFRONT_KEY_ID, PACKHOUSE_CLOUDFRONT_KEY and PACKHOUSE_BUCKET must be set together',
    );
  }
  if (s3KmsKey && !s3Encryption?.startsWith('aws:kms')) {
    throw new SettingsError('PACKHOUSE_S3_KMS_KEY requires PACKHOUSE_S3_ENCRYPTION=aws:kms');
  }
}

function checkMigration(settings: ServerSettings): void {
  const { migrateFrom, table } = settings;
  if (migrateFrom && locationName(migrateFrom) === locationName(homeOf(settings))) {
    throw new SettingsError('PACKHOUSE_MIGRATE_FROM is the location where blobs are already stored');
  }
  if (migrateFrom?.kind === 'local' && table) {
    throw new SettingsError(
      'PACKHOUSE_MIGRATE_FROM is a local directory, which requires records in the data directory, not in a table',
    );
  }
}

function checkJobs({ jobQueues, table, deleteBlobs }: ServerSettings): void {
  if (!jobQueues) return;
  if (!table) {
    throw new SettingsError(
      'PACKHOUSE_JOB_QUEUES requires PACKHOUSE_TABLE: without it the server runs all jobs',
    );
  }
  const deleting = jobs.find(
    ({ name, rights }) => jobQueues[name] && rights.some((right) => right === 'delete-blobs'),
  );
  if (deleting && !deleteBlobs) {
    throw new SettingsError(
      `PACKHOUSE_JOB_QUEUES includes ${deleting.name}, which PACKHOUSE_DELETE_BLOBS does not allow`,
    );
  }
}

/** The configured storage locations, as they are recorded in the table. */
export function homeNames(settings: ServerSettings): StorageHome {
  const { migrateFrom } = settings;
  return { location: locationName(homeOf(settings)), from: migrateFrom && locationName(migrateFrom) };
}

/** The storage location of a server with these settings. */
export function homeOf(settings: ServerSettings): StorageLocation {
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
    throw new SettingsError(flagProblem(error, Object.keys(options)));
  }
}

/** Help text for all settings in groups, or for those named by `only`, with their defaults. */
export function describeSettings(only?: readonly Name[]): string {
  const flags = (only ?? names).map((name) => ({ name, flag: kebab(name), ifAbsent: defaultOf(name) }));
  return only ? listedHelp(flags) : groupedHelp(flags);
}

/** The default of a setting as it would be written; undefined if it has none. */
function defaultOf(name: Name): string | undefined {
  const { data }: { data?: unknown } = Settings.shape[name].safeParse(undefined);
  return data === undefined ? undefined : String(data);
}
