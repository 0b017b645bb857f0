import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

/** Retentions CloudWatch Logs knows, in days. */
const logRetentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653,
] as const;

/** A whole number that may also come as text, as `-c name=value` gives it. */
function whole(least: number, most: number) {
  return z.coerce.number().int().min(least).max(most);
}

/** A yes or no that may also come as text. */
const flag = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })]);

/** The most memory a task may have, in MB: Fargate offers 2 to 8 times as many as there are units of processor. */
const MOST_TASK_MEMORY = 30_720;

/** A list of names that may also come as text with commas. */
const names = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').map((name) => name.trim())),
]);

/** The public keys in a file, whose text the command line of the CDK would break at the first line. */
function readPublicKeys(file: string, context: z.RefinementCtx): string {
  const keys = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (/^(?:\s*-----BEGIN PUBLIC KEY-----\s[\w+/=\s]+\s-----END PUBLIC KEY-----)+\s*$/.test(keys)) return keys;
  context.addIssue(`${file} is no file with a public key in PEM`);
  return z.NEVER;
}

/** Everything that can differ between two stages. Each value has a default that is fit for production. */
const Settings = z.strictObject({
  /** Part of every stack's name, so that several stages fit into one account. */
  stage: z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'use up to 20 of a-z, 0-9 and "-", a letter first'),
  /** Where to deploy; left out, the credentials of the command decide. */
  account: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z.string().min(1).optional(),
  /** The address users see, when it is not the API's own: scheme and host only. */
  url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .refine(
      (url) => new URL(url).pathname === '/',
      'must have no path: clients need /v2/ and /api/ at the root',
    )
    .optional(),
  /** Take uploads of any size, by a service on Fargate behind CloudFront; without it the limit is about 4.5 MB. */
  ingest: flag.default(false),
  /** With `ingest` and a `url` of your own: the certificate of that name, for CloudFront. */
  certificate: z
    .string()
    .regex(
      /^arn:aws:acm:us-east-1:\d{12}:certificate\/[\w-]+$/,
      'must be the ARN of a certificate of ACM in us-east-1, where CloudFront looks for it',
    )
    .optional(),
  /** The availability zones of `ingest`, by name; left out, the first two of the region. */
  zones: names
    .pipe(
      z
        .array(z.string().regex(/^[a-z0-9-]+[a-z]$/))
        .min(2)
        .max(3),
    )
    .optional(),
  /** The processor of a task of `ingest`, in units of which 1024 are one virtual processor. */
  ingestCpu: z.coerce
    .number()
    .pipe(z.literal([256, 512, 1024, 2048, 4096]))
    .default(512),
  /** The memory of a task of `ingest`, in MB. An upload takes up to 40 of them while it lasts. */
  ingestMemory: whole(1024, MOST_TASK_MEMORY).multipleOf(1024).default(2048),
  /** How many tasks of `ingest` there are at least, and at most when they are busy. */
  ingestTasks: whole(1, 100).default(2),
  ingestMaxTasks: whole(1, 100).default(8),
  /** Keep tables, bucket and token when the stacks are deleted, and refuse to delete them by accident. */
  retainData: flag.default(true),
  /** How far back tables can be restored, and so how long removed blobs are kept for them. */
  restoreDays: whole(1, 35).default(35),
  logRetentionDays: z.coerce
    .number()
    .refine(
      (days) => (logRetentions as readonly number[]).includes(days),
      `must be one of ${logRetentions.join(', ')}`,
    )
    .default(90),
  /** Memory of the functions that answer requests, in MB: it also decides how much processor they get. */
  requestMemory: whole(256, 10_240).default(1024),
  /** Memory of the background functions, in MB. */
  jobMemory: whole(256, 10_240).default(512),
  /** Requests a second that the API lets through, steady and at once. */
  rateLimit: whole(1, 10_000).default(2000),
  burstLimit: whole(1, 5_000).default(2000),
  /** How long a download link works, in seconds. */
  linkLifetime: whole(60, 3600).default(600),
  /** Send downloads through the functions instead of redirecting to the bucket, but for files over 4.5 MB. */
  proxyDownload: flag.default(false),
  /** Files up to this many bytes are sent by the functions even so: one round trip less than a redirect. */
  proxyBelow: whole(0, 4_000_000).default(65_536),
  /**
   * Let downloads come by CloudFront, with links signed by a key of yours: a file with the public key in PEM (RSA, 2048
   * bits), and the complete ARN of a secret in Secrets Manager that holds the private one. Further public keys behind
   * the first are trusted too, so that the key can be changed. `docs/downloads.md` tells how.
   */
  cloudfrontPublicKey: z.string().transform(readPublicKeys).optional(),
  cloudfrontKeySecret: z
    .string()
    .regex(
      /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:.+-\w{6}$/,
      'must be the complete ARN of a secret',
    )
    .optional(),
  /** How long removed packages, files and projects can be restored, in days; 0 purges them at once. */
  retentionDays: whole(0, 365).default(7),
  /** How long a blob that nothing refers to is kept before the sweep removes it, in hours. */
  blobGraceHours: whole(1, 24 * 30).default(24),
  /** Who gets alarms by e-mail; more subscribers can be added to the topic. */
  alarmEmail: z.email().optional(),
  /** Where people find the runbook that alarms link to. */
  runbook: z.string().min(1).default('lib/README.md'),
});

/** What settings must be together; the message follows the name of one of them. */
interface Rule {
  readonly path: keyof StageSettings;
  readonly message: string;
  broken(all: StageSettings): boolean;
}

const rules: readonly Rule[] = [
  {
    path: 'certificate',
    message: 'is needed: with ingest, CloudFront answers for the url and must show a certificate of it',
    broken: ({ ingest, url, certificate }) => ingest && !!url?.startsWith('https:') && !certificate,
  },
  {
    path: 'certificate',
    message: 'is that of a url of your own, and there is none with https',
    broken: ({ url, certificate }) => !!certificate && !url?.startsWith('https:'),
  },
  {
    path: 'ingestMemory',
    message: 'must be 2 to 8 times ingestCpu: Fargate offers nothing else',
    broken: ({ ingestMemory, ingestCpu }) => ingestMemory < 2 * ingestCpu || ingestMemory > 8 * ingestCpu,
  },
  {
    path: 'ingestMaxTasks',
    message: 'must not be less than ingestTasks',
    broken: ({ ingestTasks, ingestMaxTasks }) => ingestMaxTasks < ingestTasks,
  },
];

/** Everything that can differ between two stages, and fits together. */
export const StageSettings = Settings.superRefine((all, context) => {
  for (const { path, message, broken } of rules) {
    if (broken(all)) context.addIssue({ code: 'custom', path: [path], message });
  }
});

/** The settings of a stage, complete. */
export type StageSettings = z.output<typeof Settings>;

/** What a stage sets itself; the rest are defaults. */
export type StageOverrides = Partial<Omit<z.input<typeof Settings>, 'stage'>>;

/** The stages of this installation. `-c stage=<name>` picks one, `-c <setting>=<value>` changes a setting for one run. */
const stages: Readonly<Record<string, StageOverrides>> = {
  main: {},
  dev: { retainData: false, logRetentionDays: 7, restoreDays: 1 },
};

/** The settings for a run of the CDK app, read from its context and checked. */
export function readSettings(context: (name: string) => unknown): StageSettings {
  const stage = String(context('stage') ?? 'main');
  const overrides = stages[stage];
  if (!overrides) {
    throw new Error(
      `There is no stage "${stage}". Known: ${Object.keys(stages).join(', ')} (lib/settings.ts).`,
    );
  }
  const given = Object.keys(Settings.shape).flatMap((name) => {
    const value = name === 'stage' ? undefined : context(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return parseSettings({ ...overrides, ...Object.fromEntries(given), stage });
}

/** Checks settings and fills in the defaults; what is wrong is told in one readable error. */
export function parseSettings(settings: unknown): StageSettings {
  const result = StageSettings.safeParse(settings);
  if (!result.success) throw new Error(`The stage settings are not valid:\n${z.prettifyError(result.error)}`);
  const { cloudfrontPublicKey, cloudfrontKeySecret } = result.data;
  if (!cloudfrontPublicKey !== !cloudfrontKeySecret) {
    throw new Error(
      'The stage settings are not valid: cloudfrontPublicKey and cloudfrontKeySecret belong together',
    );
  }
  return result.data;
}
