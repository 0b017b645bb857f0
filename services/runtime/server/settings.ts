import { parseArgs } from 'node:util';
import * as z from 'zod';

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
});

/** The settings of a server. */
export type ServerSettings = z.infer<typeof Settings>;

type Name = keyof ServerSettings;

/** Names of settings as variables and flags: `dataDir` is `PACKHOUSE_DATA_DIR` and `--data-dir`. */
const names = Object.keys(Settings.shape) as Name[];
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variable = (name: string) => `PACKHOUSE_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/** A setting that is wrong, in words for who started the server. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Reads the settings from flags, then from the environment. */
export function readSettings(flags: readonly string[], environment: NodeJS.ProcessEnv): ServerSettings {
  const given = readFlags(flags);
  const values: Record<string, string> = {};
  for (const name of names) {
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
  if (parsed.data.table && !parsed.data.bucket) {
    throw new SettingsError('PACKHOUSE_TABLE needs PACKHOUSE_BUCKET beside it');
  }
  return parsed.data;
}

function readFlags(flags: readonly string[]): Record<string, string> {
  const options = Object.fromEntries(names.map((name) => [kebab(name), { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...flags], options, strict: true }).values as Record<string, string>;
  } catch (error) {
    throw new SettingsError((error as Error).message);
  }
}

/** One line per setting, for `packhouse serve --help`. */
export function describeSettings(): string {
  return names.map((name) => `  --${kebab(name).padEnd(16)} ${variable(name)}`).join('\n');
}
