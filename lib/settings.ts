import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { hasUnspecifiedHost, UNSPECIFIED_HOST } from '../services/shared/unspecified-host.ts';
import { settingRules } from './setting-rules.ts';

/** Settings that put other stores in the place of the stack's own. */
export const storeSettings = [
  'registryTable',
  'auditTable',
  'blobBucket',
  'sealingKeySecret',
  'rootTokenSecret',
] as const;

/**
 * What clients come to depend on: the ingest service with its distribution, the custom domain and its records in a hosted
 * zone, the distribution that links point to, and stores in the place of the stack's own.
 */
export const lastingFeatures = ['ingest', 'url', 'hostedZoneId', 'links', ...storeSettings] as const;

/** One of `lastingFeatures`. */
export type LastingFeature = (typeof lastingFeatures)[number];

/** The retention periods that CloudWatch Logs supports, in days. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653,
] as const;

/** A whole number, also as text, as in `-c name=value`. */
function whole(least: number, most: number) {
  return z.coerce.number().int().min(least).max(most);
}

/** A boolean, also as text. */
const flag = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]);

/** The maximum memory of a task, in MB: Fargate offers 2 to 8 times the number of CPU units. */
const MOST_TASK_MEMORY = 30_720;

/** The name of a table. */
const tableName = z.string().regex(/^[\w.-]{3,255}$/, 'must be the name of a table');

/** The complete ARN of a secret: with an incomplete one, permissions would hold for other secrets as well. */
const secretArn = z
  .string()
  .regex(
    /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:.+-\w{6}$/,
    'must be the complete ARN of a secret',
  );

/** A list of names, also as comma-separated text. */
const names = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').map((name) => name.trim())),
]);

/** Reads public keys from a file: the CDK command line would cut multi-line text at the first line break. */
function readPublicKeys(file: string, context: z.RefinementCtx): string {
  const keys = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (/^(?:\s*-----BEGIN PUBLIC KEY-----\s[\w+/=\s]+\s-----END PUBLIC KEY-----)+\s*$/.test(keys)) return keys;
  context.addIssue(`${file} does not contain a public key in PEM format`);
  return z.NEVER;
}

/** Everything that can differ between stages. The defaults suit production. */
const Settings = z.strictObject({
  /** Part of every stack's name, so that an account can have several stages. */
  stage: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'use up to 20 characters (a-z, 0-9 and "-") that start with a letter'),
  /** Where to deploy. Defaults to the account and region of the command's credentials. */
  account: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z.string().min(1).optional(),
  /** The public URL, if it is not the API's own: scheme and host only. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !hasUnspecifiedHost(url), UNSPECIFIED_HOST)
    .transform((url) => url.replace(/\/+$/, ''))
    .refine(
      (url) => new URL(url).pathname === '/',
      'must have no path: clients need /v2/ and /api/ at the root',
    )
    .optional(),
  /**
   * Accept uploads of any size, through a Fargate service behind CloudFront; without it the limit is about 4.5 MB.
   */
  ingest: flag.default(false),
  /**
   * The certificate of a custom `url`: the ARN of an ACM certificate, in the region of the stage, or with `ingest` in
   * us-east-1. Without `ingest`, one is made if there is a hosted zone.
   */
  certificate: z
    .string()
    .regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, 'must be the ARN of an ACM certificate')
    .optional(),
  /** The hosted zone of Route 53 in which the host of `url` gets its records: id and domain. */
  hostedZoneId: z
    .string()
    .regex(/^Z[A-Z0-9]+$/)
    .optional(),
  hostedZoneName: z
    .string()
    .regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/)
    .optional(),
  /** A proxy of your own serves `url` and passes requests on to the API. */
  urlServedElsewhere: flag.default(false),
  /** The names of the availability zones of `ingest`. Defaults to the first two of the region. */
  zones: names
    .pipe(
      z
        .array(z.string().regex(/^[a-z0-9-]+[a-z]$/))
        .min(2)
        .max(3),
    )
    .optional(),
  /** The CPU units of an `ingest` task; 1024 are one vCPU. */
  ingestCpu: z.coerce
    .number()
    .pipe(z.literal([256, 512, 1024, 2048, 4096]))
    .default(512),
  /** The memory of an `ingest` task, in MB. An upload uses up to 40 MB while it lasts. */
  ingestMemory: whole(1024, MOST_TASK_MEMORY).multipleOf(1024).default(2048),
  /** The minimum and maximum number of `ingest` tasks. */
  ingestTasks: whole(1, 100).default(2),
  ingestMaxTasks: whole(1, 100).default(8),
  /**
   * What a deployment may take away although clients use it. Without it, CloudFormation refuses. Set it for the one
   * deployment that removes something.
   */
  confirmRemoval: names.pipe(z.array(z.enum(lastingFeatures))).default([]),
  /**
   * Stores to use in place of the stack's own, such as restored ones: the names of tables and a bucket in the account and
   * region of the stage. A deployment refuses those that lack what a registry needs. See `docs/restore-on-aws.md`.
   */
  registryTable: tableName.optional(),
  auditTable: tableName.optional(),
  blobBucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'must be the name of a bucket, without dots')
    .optional(),
  /** Secrets to use in place of the stack's own, by their complete ARNs. */
  sealingKeySecret: secretArn.optional(),
  rootTokenSecret: secretArn.optional(),
  /**
   * Take the stack's own stores that others replace out of the stack. They stay in the account if `retainData` was set
   * when they were last deployed.
   */
  releaseReplaced: flag.default(false),
  /**
   * Leave in place the exports of the data stack that stacks of an earlier release import. Set it for the one deployment
   * that upgrades them: CloudFormation does not delete an export in use.
   */
  keepExports: flag.default(false),
  /** Keep tables, bucket and token when the stacks are deleted, and refuse to delete them by accident. */
  retainData: flag.default(true),
  /** How far back tables can be restored, in days. Deleted blobs are kept as long. */
  restoreDays: whole(1, 35).default(35),
  logRetentionDays: z.coerce
    .number()
    .refine(
      (days) => (logRetentions as readonly number[]).includes(days),
      `must be one of ${logRetentions.join(', ')}`,
    )
    .default(90),
  /** The memory of functions that handle requests, in MB, which also determines their CPU share. */
  requestMemory: whole(256, 10_240).default(1024),
  /** The memory of background functions, in MB. */
  jobMemory: whole(256, 10_240).default(512),
  /** The sustained request rate and the burst that the API allows, in requests per second. */
  rateLimit: whole(1, 10_000).default(2000),
  burstLimit: whole(1, 5_000).default(2000),
  /** The lifetime of download links, in seconds. */
  linkLifetime: whole(60, 3600).default(600),
  /** Send downloads through the functions instead of redirecting to the bucket, except files over 4.5 MB. */
  proxyDownload: flag.default(false),
  /** Files up to this many bytes are always sent by the functions, which saves the round trip of a redirect. */
  proxyBelow: whole(0, 4_000_000).default(65_536),
  /**
   * Serve downloads through CloudFront, with links signed by your key: a file with the public key in PEM format
   * (RSA, 2048 bits), and the complete ARN of a secret in Secrets Manager with the private key. The file may
   * contain further public keys, which are trusted too, so that the key can be rotated. See `docs/downloads.md`.
   */
  cloudfrontPublicKey: z.string().transform(readPublicKeys).optional(),
  cloudfrontKeySecret: secretArn.optional(),
  /** The origins whose pages may use the registry from a browser, such as `https://portal.example.com`; `*` for all. */
  corsOrigins: names
    .pipe(
      z.array(
        z
          .string()
          .refine(
            (text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text),
            'must be an origin such as https://portal.example.com, or *',
          ),
      ),
    )
    .default([]),
  /** How long removed packages, files and projects can be restored, in days; 0 purges them immediately. */
  retentionDays: whole(0, 365).default(7),
  /**
   * How long the path of a deleted or renamed group or project that published packages is reserved for its previous
   * owners, in days; 0 frees it immediately.
   */
  pathReservationDays: whole(0, 3650).default(90),
  /** How long an image without a tag is kept that no other image uses, in days. */
  untaggedDays: whole(1, 3650).default(7),
  /** How long an orphaned blob is kept before the sweep deletes it, in hours. */
  blobGraceHours: whole(1, 24 * 30).default(24),
  /** The e-mail address that receives alarms; add more subscribers to the topic. */
  alarmEmail: z.email().optional(),
  /** Somebody gets the alarms in another way than by `alarmEmail`; without either, synthesis warns. */
  alarmsSubscribed: flag.default(false),
  /**
   * The URL at which the people on call read this repository's `lib/README.md`; alarms link to its sections. Without
   * it, the parameter `RunbookUrl` of the operations stack says where.
   */
  runbook: z.url({ protocol: /^https?$/ }).optional(),
});

/** The complete schema, with the constraints across settings. */
export const StageSettings = Settings.superRefine((all, context) => {
  for (const { path, message, broken } of settingRules) {
    if (broken(all)) context.addIssue({ code: 'custom', path: [path], message });
  }
});

/** The complete settings of a stage. */
export type StageSettings = z.output<typeof Settings>;

/** The settings that a stage overrides. */
export type StageOverrides = Partial<Omit<z.input<typeof Settings>, 'stage'>>;

/** The folder with the settings of each stage: `<stage>.json`. They last; context overrides them for one run. */
const stagesFolder = join(import.meta.dirname, '../stages');

/**
 * Reads the settings of a CDK run: those of the stage's file, overridden by the context (`-c <setting>=<value>`).
 * `-c stage=<name>` selects the stage.
 * @throws Error when the stage is unknown or a setting is invalid
 */
export function readSettings(context: (name: string) => unknown, folder = stagesFolder): StageSettings {
  const stage = String(context('stage') ?? 'main');
  const fromContext = Object.keys(Settings.shape).flatMap((name) => {
    const value = name === 'stage' ? undefined : context(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return parseSettings({ ...readStage(stage, folder), ...Object.fromEntries(fromContext), stage });
}

/**
 * The settings that only the context has (`-c`), which the next deployment would take back unless it is given them, too.
 * Those that are meant for one deployment are not among them.
 */
export function unsavedSettings(context: (name: string) => unknown, folder = stagesFolder): string[] {
  const inFile = readStage(String(context('stage') ?? 'main'), folder);
  const once: readonly string[] = ['stage', 'confirmRemoval', 'keepExports'];
  return Object.keys(Settings.shape).filter(
    (name) => !once.includes(name) && context(name) !== undefined && !(name in inFile),
  );
}

function readStage(stage: string, folder: string): object {
  const known = readdirSync(folder).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
  if (!known.includes(stage)) {
    throw new Error(
      `Unknown stage "${stage}". Stages: ${known.join(', ')}. For a new one, add stages/${stage}.json.`,
    );
  }
  const text = readFileSync(join(folder, `${stage}.json`), 'utf8');
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch (error) {
    throw new Error(`stages/${stage}.json is not JSON: ${(error as Error).message}`);
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(settings);
  if (!parsed.success || 'stage' in parsed.data) {
    throw new Error(`stages/${stage}.json must be an object of settings; its name is the stage`);
  }
  return parsed.data;
}

/**
 * Validates settings and fills in the defaults.
 * @throws Error that names everything that is invalid
 */
export function parseSettings(settings: unknown): StageSettings {
  const result = StageSettings.safeParse(settings);
  if (!result.success) throw new Error(`Invalid stage settings:\n${z.prettifyError(result.error)}`);
  return result.data;
}
