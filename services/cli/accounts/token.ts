import * as z from 'zod';
import { accessTokenScopes, deployTokenScopes } from '../../domain/access.ts';
import { SettingsError } from '../../runtime/server/settings.ts';
import { type ApiClient, type Parameters, printable } from '../api-client.ts';
import type { CommandGroup } from '../command.ts';
import { levelFlag, levelName, levelNames } from './access-level.ts';
import {
  apiCommand,
  choiceFlag,
  dayFlag,
  limitFlag,
  listUsage,
  ownerPath,
  rowsOf,
  sharedUsage,
  shownRows,
} from './api-command.ts';
import { userId } from './user.ts';

const shape = {
  id: z.number(),
  name: z.string(),
  scopes: z.array(z.string()),
  expires_at: z.string().nullable(),
  /** Of deploy tokens. */
  username: z.string().optional(),
  /** Of the tokens of projects and groups. */
  access_level: z.number().nullish(),
  last_used_at: z.string().nullish(),
};

const owners = {
  user: { type: 'string' },
  project: { type: 'string' },
  group: { type: 'string' },
  deploy: { type: 'boolean' },
} as const;

/** Whose tokens a command is about. */
interface Owner {
  readonly user?: string;
  readonly project?: string;
  readonly group?: string;
  readonly deploy?: boolean;
}

const create = apiCommand({
  usage: `Usage: packhouse token create <name> --user <user name> [options]
       packhouse token create <name> --project <path> [--deploy] [options]
       packhouse token create <name> --group <path> [--deploy] [options]

Creates a token and prints it, which is the only time it is shown: a personal
token of a user, for administrators; a token with which a bot has access to a
project or group; or a deploy token, which some clients use with its user name.

  --scopes <list>        what it may do, separated by commas: by default api,
                         for a deploy token read_package_registry
  --level <level>        of a bot: ${levelNames.slice(0, 4).join(', ')},
                         ${levelNames.slice(4).join(', ')}; by default developer,
                         who can publish
  --expires <day>        when it ends, such as 2027-01-31; by default in a year,
                         a deploy token never
  --independent          it does not end with the token that it is created with
${sharedUsage}`,
  operand: 'name',
  options: {
    ...owners,
    scopes: { type: 'string' },
    level: { type: 'string' },
    expires: { type: 'string' },
    independent: { type: 'boolean' },
  },
  async run({ api, given, operand: name }) {
    const { deploy = false, independent } = given;
    checkOwner(given);
    const isBot = given.user === undefined && !deploy;
    if (given.level !== undefined && !isBot) {
      throw new SettingsError('--level is for tokens of a project or group, without --deploy');
    }
    const body: Parameters = {
      name,
      scopes: scopesOf(given.scopes, deploy),
      expires_at: dayFlag('expires', given.expires),
      independent,
      ...(isBot && { access_level: levelFlag(given.level, 'developer') }),
    };
    const path = await pathOf(api, given, 'create');
    const token = await api.post(z.looseObject({ ...shape, token: z.string() }), path, body);
    return { json: token, text: () => `${token.token}\n`, note: noteOf(token) };
  },
});

/** What a person needs to know of a new token, besides the secret. */
function noteOf(token: Row): string {
  const facts = [
    ['id', token.id],
    ['user name', token.username],
    ['scopes', token.scopes.join(', ')],
    ['level', token.access_level && levelName(token.access_level)],
    ['expires', token.expires_at?.slice(0, 10) ?? 'never'],
  ].filter(([, value]) => value);
  const lines = facts.map(([name, value]) => `  ${String(name).padEnd(9)}  ${value}`);
  return [`This is the token ${token.name}. It is not shown again.`, ...lines].map(printable).join('\n');
}

const list = apiCommand({
  usage: `Usage: packhouse token list [options]

Lists the valid personal tokens of the owner of the token that is used, or other
tokens. Secrets are not shown.

  --user <user name>     those of this user; for administrators
  --project <path>       those of the bots of this project
  --group <path>         those of the bots of this group
  --deploy               the deploy tokens of the project or group instead
  --all                  revoked and expired ones, too
${listUsage}`,
  options: { ...owners, all: { type: 'boolean' }, limit: { type: 'string' } },
  async run({ api, given }) {
    const { deploy = false, all = false } = given;
    if (given.user !== undefined || deploy) checkOwner(given);
    const path = await pathOf(api, given, 'list');
    const valid = all ? {} : deploy ? { active: true } : { state: 'active' };
    const user = path === '/personal_access_tokens' ? { user_id: await owner(api, given.user) } : {};
    const query = { ...valid, ...user, pagination: 'keyset' };
    return shownRows(await api.list(rowsOf(shape), path, query, limitFlag(given.limit)), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'NAME', of: ({ name }) => name, shortens: true },
      ...(deploy ? [{ title: 'USER NAME', of: ({ username }: Row) => username }] : []),
      { title: 'SCOPES', of: ({ scopes }) => scopes.join(','), shortens: true },
      { title: 'EXPIRES', of: ({ expires_at }) => expires_at?.slice(0, 10) ?? 'never' },
      ...(deploy
        ? []
        : [{ title: 'LAST USED', of: ({ last_used_at }: Row) => last_used_at?.slice(0, 10) ?? 'never' }]),
    ]);
  },
});

type Row = z.infer<z.ZodObject<typeof shape>>;

/** Checks that exactly one owner is named, and that it can have the kind of token. */
function checkOwner({ user, project, group, deploy }: Owner): void {
  const named = [user, project, group].filter((each) => each !== undefined).length;
  if (named !== 1) throw new SettingsError('one of --user, --project and --group is required');
  if (deploy && user !== undefined) throw new SettingsError('--deploy requires --project or --group');
}

/** The path of the tokens of an owner. */
async function pathOf(api: ApiClient, given: Owner, purpose: 'create' | 'list'): Promise<string> {
  const { user, deploy } = given;
  const path = ownerPath(given);
  if (path !== undefined) return `${path}/${deploy ? 'deploy_tokens' : 'access_tokens'}`;
  if (purpose === 'list' || user === undefined) return '/personal_access_tokens';
  return `/users/${await userId(api, user)}/personal_access_tokens`;
}

/** The id of the named user, by default of the owner of the token in use. */
async function owner(api: ApiClient, username: string | undefined): Promise<number> {
  if (username !== undefined) return userId(api, username);
  return (await api.get(z.object({ id: z.number() }), '/user')).id;
}

function scopesOf(text: string | undefined, deploy: boolean): readonly string[] {
  const known = deploy ? deployTokenScopes : accessTokenScopes;
  const words = text?.split(',').map((each) => each.trim()) ?? [deploy ? 'read_package_registry' : 'api'];
  for (const word of words) choiceFlag<string>('scopes', word, known);
  return words;
}

/** `packhouse token` */
export const token: CommandGroup = {
  usage: `Usage: packhouse token <command> [options]

  create  creates a token and prints it
  list    lists tokens, without their secrets

Run packhouse token <command> --help for details.
`,
  actions: { create, list },
};
