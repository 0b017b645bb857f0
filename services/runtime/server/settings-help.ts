/** What the settings mean, for `--help`. `docs/settings.md` explains them at length. */

/** The meaning of a setting: the kind of its value, a description, and its default if that is not a fixed value. */
interface Meaning {
  readonly value: string;
  readonly text: string;
  readonly ifAbsent?: string;
}

/** All settings by name, in groups. */
export const settingGroups: Readonly<Record<string, Readonly<Record<string, Meaning>>>> = {
  Server: {
    host: {
      value: 'address',
      text: 'address to listen on; 0.0.0.0 or :: for connections from other machines, which requires --url',
    },
    port: { value: 'n', text: 'port to listen on; 0 picks a free one' },
    dataDir: { value: 'directory', text: 'directory for packages and records' },
    url: {
      value: 'url',
      text: 'public address; all links start with it. Set it behind a proxy',
      ifAbsent: 'from host and port',
    },
    rootToken: {
      value: 'token',
      text: 'token of the administrator root, at least 20 characters',
      ifAbsent: 'generated at the first start',
    },
    metricsToken: {
      value: 'token',
      text: 'token that may read only /-/metrics, at least 20 characters',
    },
    log: { value: 'level', text: 'debug, info, error or silent' },
    idleSeconds: { value: 'n', text: 'idle timeout for uploads and downloads, in seconds' },
    retentionDays: {
      value: 'n',
      text: 'how many days removed packages, files and projects can be restored; 0 purges them at once',
    },
    pathReservationDays: {
      value: 'n',
      text: 'how many days the path of a deleted or renamed group or project stays reserved for its owners; 0 frees it at once',
    },
    untaggedDays: {
      value: 'n',
      text: 'how many days to keep an image that has no tag and is used by no other image',
    },
  },
  'Behind a proxy or a load balancer': {
    trustedProxies: {
      value: 'n',
      text: 'how many proxies in front of the server append an address to X-Forwarded-For',
    },
    keepAliveSeconds: {
      value: 'n',
      text: "how many seconds idle connections stay open; must be more than in the proxy's settings",
    },
    drainSeconds: {
      value: 'n',
      text: 'how many seconds the server still accepts requests while it is shutting down',
    },
    corsOrigins: {
      value: 'origins',
      text: 'origins whose pages may use the registry, separated by commas; * for all',
      ifAbsent: 'none',
    },
  },
  'Downloads from a bucket': {
    proxyDownload: {
      value: 'bool',
      text: 'true: send files through the server instead of redirecting to signed links',
    },
    proxyBelow: {
      value: 'n',
      text: 'files up to this many bytes are always sent through the server',
    },
    allowedDownloadModes: {
      value: 'modes',
      text: 'modes that requests may choose with ?download_mode=, separated by commas',
      ifAbsent: 'proxy,direct; with --proxy-download only proxy',
    },
    linkLifetime: { value: 'n', text: 'lifetime of a signed link in seconds, 60 to 3600' },
    cloudfrontUrl: { value: 'url', text: 'CloudFront distribution that serves the signed links' },
    cloudfrontKeyId: { value: 'id', text: 'id of its public key' },
    cloudfrontKey: { value: 'file', text: 'its private key: a file, or the ARN of a secret' },
  },
  'Where blobs are stored': {
    blobDir: {
      value: 'directory',
      text: 'store blobs as files in this directory',
      ifAbsent: 'the data directory',
    },
    bucket: { value: 'name', text: 'store blobs in this S3 bucket' },
    s3Prefix: { value: 'prefix', text: 'use only the part of the bucket under this prefix' },
    s3Endpoint: { value: 'url', text: 'an S3-compatible store', ifAbsent: 'AWS' },
    s3PathStyle: { value: 'bool', text: 'true: the store needs the bucket in the path' },
    s3LinkEndpoint: {
      value: 'url',
      text: 'address of the store for clients, if it is a different one',
    },
    s3Profile: { value: 'name', text: 'AWS configuration profile with the credentials for the bucket' },
    s3Encryption: {
      value: 'method',
      text: 'encryption of new blobs: AES256, aws:kms or aws:kms:dsse',
      ifAbsent: "the bucket's",
    },
    s3KmsKey: { value: 'key', text: 'KMS key for aws:kms' },
    migrateFrom: {
      value: 'url',
      text: 'storage location that blobs are being moved from: local, file:///... or s3://...',
    },
    deleteBlobs: {
      value: 'bool',
      text: 'false: the credentials of this server may not delete blobs',
    },
  },
  'Records in DynamoDB': {
    table: { value: 'name', text: 'table for the records; requires --audit-table and --bucket' },
    auditTable: { value: 'name', text: 'table for audit events' },
    sealingSecret: {
      value: 'secret',
      text: 'secret (ARN or name) that seals signing keys; needed to serve images',
    },
    region: { value: 'name', text: 'AWS region', ifAbsent: 'the one that the AWS SDK finds' },
    awsEndpoint: { value: 'url', text: 'another endpoint for the AWS services' },
    jobQueues: {
      value: 'queues',
      text: 'jobs to run for a deployment, separated by commas; each is "<job> <queue url> <dead-letter queue url>"',
    },
    makeRoot: {
      value: 'bool',
      text: 'false: another process creates the user root and its token',
    },
  },
};

/** A setting as it is given on the command line, with its default value. */
export interface SettingFlag {
  readonly name: string;
  readonly flag: string;
  readonly ifAbsent: string | undefined;
}

/** The columns of the terminal, and the one in which descriptions start. */
const COLUMNS = 80;
const TEXT_COLUMN = 27;

/** Describes all these settings in groups with titles. */
export function groupedHelp(flags: readonly SettingFlag[]): string {
  return Object.entries(settingGroups)
    .map(([title, settings]) => {
      const own = Object.keys(settings).flatMap((each) => flags.find(({ name }) => name === each) ?? []);
      return `${title}:\n${listedHelp(own)}`;
    })
    .join('\n\n');
}

/** Describes settings in the given order, each in a line or more of at most 80 characters. */
export function listedHelp(flags: readonly SettingFlag[]): string {
  const meanings = Object.assign({}, ...Object.values(settingGroups)) as Record<string, Meaning>;
  return flags.map((flag) => entry(flag, meanings[flag.name])).join('\n');
}

function entry({ flag, ifAbsent }: SettingFlag, meaning: Meaning | undefined): string {
  const { value, text = '', ifAbsent: explained = ifAbsent } = meaning ?? {};
  const label = `  --${flag} <${value}>`;
  const [first = '', ...rest] = wrapped(explained === undefined ? text : `${text} (default: ${explained})`);
  const indent = ' '.repeat(TEXT_COLUMN);
  const head = label.length >= TEXT_COLUMN ? `${label}\n${indent}` : label.padEnd(TEXT_COLUMN);
  return [head + first, ...rest.map((line) => indent + line)].join('\n');
}

function wrapped(text: string): string[] {
  const lines = text.matchAll(new RegExp(`(.{1,${COLUMNS - TEXT_COLUMN}})(?: |$)`, 'g'));
  return [...lines].map(([, line = '']) => line);
}
