import { parseArgs } from 'node:util';
import * as z from 'zod';
import { SettingsError } from '../../runtime/server/settings.ts';
import { flagProblem } from '../../shared/text/flag-problem.ts';
import { type ApiClient, apiClient, type ListedRows } from '../api-client.ts';
import { type Command, countFlag, type Terminal } from '../command.ts';
import { registryUrl, requireNoToken, tokenFor } from '../connection.ts';
import { type Column, tableText } from './table-text.ts';

type OwnOptions = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

/** The values of options: text, or whether a flag is set. */
type ValuesOf<O extends OwnOptions> = {
  readonly [N in keyof O]?: O[N]['type'] extends 'string' ? string : boolean;
};

/** The options of all commands that use the API. */
const sharedOptions = {
  json: { type: 'boolean' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
} as const;

/** The end of the usage of a command that uses the API. */
export const sharedUsage = `  --json                 print what the API answers
  --url <address>        the URL of the registry (or PACKHOUSE_URL; by default
                         http://127.0.0.1:8080)
  --token-file <file>    a file with the token to use (or PACKHOUSE_TOKEN with
                         the token itself)
`;

/** The end of the usage of a command that lists. */
export const listUsage = `  --limit <number>       how many to list at most (100)
${sharedUsage}`;

/** What a command does with the API of a registry, and how it shows the answer. */
interface ApiCommand<O extends OwnOptions> {
  readonly usage: string;
  readonly options: O;
  /** What the only operand is, for a command that has one: `user name`. */
  readonly operand?: string;
  /** Runs the command. Returns what to print: the answer with `--json`, and otherwise texts. */
  run(call: Call<O>): Promise<Shown>;
}

/** A command line that uses the API. */
export interface Call<O extends OwnOptions> {
  readonly api: ApiClient;
  readonly given: ValuesOf<O>;
  /** The operand; empty if the command takes none. */
  readonly operand: string;
}

/** What a command prints. */
export interface Shown {
  readonly json: unknown;
  /** The result. */
  text(terminal: Terminal): string;
  /** What a person needs to know besides, printed where progress is. */
  readonly note?: string | undefined;
}

/** Makes a command of a description. */
export function apiCommand<const O extends OwnOptions>(command: ApiCommand<O>): Command {
  return {
    usage: command.usage,
    async run(parameters, terminal) {
      const { shared, given, operand } = parse(command, parameters);
      const address = registryUrl(
        shared.url === undefined ? [] : ['--url', shared.url],
        terminal.environment,
      );
      const token = tokenFor(shared['token-file'], terminal.environment);
      const api = apiClient(address, token, (status) =>
        status === 401 ? 'the token is unknown, revoked or expired' : undefined,
      );
      const shown = await command.run({ api, given, operand });
      const { json } = shared;
      terminal.output.write(json ? `${JSON.stringify(shown.json, undefined, 2)}\n` : shown.text(terminal));
      if (shown.note !== undefined && !json) terminal.progress.write(`${shown.note}\n`);
      return 0;
    },
  };
}

function parse<O extends OwnOptions>({ options, operand }: ApiCommand<O>, parameters: readonly string[]) {
  requireNoToken(parameters);
  const all = { ...options, ...sharedOptions };
  const { values, positionals } = parsed(parameters, all);
  const [first, ...others] = positionals;
  if (operand !== undefined && !first) throw new SettingsError(`the ${operand} is missing: see --help`);
  const [unexpected] = operand === undefined ? positionals : others;
  if (unexpected !== undefined) throw new SettingsError(`unexpected argument ${unexpected}: see --help`);
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw new SettingsError(`--${name} needs a value`);
  }
  const entries = Object.entries(values);
  const isShared = ([flag]: readonly [string, unknown]) => Object.hasOwn(sharedOptions, flag);
  return {
    shared: Object.fromEntries(entries.filter(isShared)) as ValuesOf<typeof sharedOptions>,
    given: Object.fromEntries(entries.filter((entry) => !isShared(entry))) as ValuesOf<O>,
    operand: first ?? '',
  };
}

function parsed(parameters: readonly string[], options: OwnOptions) {
  try {
    return parseArgs({ args: [...parameters], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new SettingsError(flagProblem(error, Object.keys(options)));
  }
}

/**
 * Reads one of some words. Undefined if it is absent.
 * @throws SettingsError for any other word
 */
export function choiceFlag<T extends string>(
  name: string,
  text: string | undefined,
  words: readonly T[],
): T | undefined {
  const word = words.find((each) => each === text);
  if (text !== undefined && word === undefined)
    throw new SettingsError(`--${name} must be one of ${words.join(', ')}`);
  return word;
}

/** Checks that text is a day, such as 2027-01-31. @throws SettingsError when it is not */
export function dayFlag(name: string, text: string | undefined): string | undefined {
  if (text === undefined || (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))))
    return text;
  throw new SettingsError(`--${name} must be a day such as 2027-01-31`);
}

/** Reads `--limit`. @throws SettingsError when it is not a number from 1 to 10,000 */
export function limitFlag(text: string | undefined): number {
  return countFlag('limit', text, 100, 10_000);
}

/** The path at which the API has the group or project of a command. Undefined if it names neither. */
export function ownerPath({
  project,
  group,
}: {
  readonly project?: string | undefined;
  readonly group?: string | undefined;
}): string | undefined {
  if (project !== undefined && group !== undefined) {
    throw new SettingsError('use --project or --group, not both');
  }
  if (project !== undefined) return `/projects/${encodeURIComponent(project)}`;
  return group === undefined ? undefined : `/groups/${encodeURIComponent(group)}`;
}

/** Shows the rows of a list as a table. */
export function shownRows<T>({ rows, hasMore }: ListedRows<T>, columns: readonly Column<T>[]): Shown {
  return {
    json: rows,
    text: ({ output }) => tableText(rows, columns, output.isTTY ? output.columns : undefined),
    note: hasMore ? `There are more than ${rows.length}; raise --limit to see them.` : undefined,
  };
}

/** Rows of which all properties are kept for `--json`, and some are known. */
export function rowsOf<S extends z.ZodRawShape>(shape: S) {
  return z.array(z.looseObject(shape));
}
