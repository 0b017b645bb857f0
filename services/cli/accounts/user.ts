import * as z from 'zod';
import { SettingsError } from '../../runtime/server/settings.ts';
import type { ApiClient } from '../api-client.ts';
import { CommandFailed, type CommandGroup } from '../command.ts';
import { apiCommand, limitFlag, listUsage, rowsOf, sharedUsage, shownRows } from './api-command.ts';

const shape = {
  id: z.number(),
  username: z.string(),
  name: z.string(),
  state: z.string(),
  email: z.string().optional(),
  is_admin: z.boolean().optional(),
};

const create = apiCommand({
  usage: `Usage: packhouse user create <user name> --email <address> [options]

Creates a user; for administrators. Users have no passwords: create a token for
each with packhouse token create.

  --email <address>      the e-mail address
  --name <text>          the full name; by default the user name
  --admin                make the user an administrator
${sharedUsage}`,
  operand: 'user name',
  options: { email: { type: 'string' }, name: { type: 'string' }, admin: { type: 'boolean' } },
  async run({ api, given, operand: username }) {
    const { email, name = username, admin = false } = given;
    if (email === undefined) throw new SettingsError('--email is required');
    const user = await api.post(z.looseObject(shape), '/users', { username, email, name, admin });
    return { json: user, text: () => `Created the user ${user.username} (id ${user.id}).\n` };
  },
});

const list = apiCommand({
  usage: `Usage: packhouse user list [options]

Lists users. Only administrators see e-mail addresses.

  --search <text>        only those whose name or user name contains this text
${listUsage}`,
  options: { search: { type: 'string' }, limit: { type: 'string' } },
  async run({ api, given: { search, limit } }) {
    const query = { search, humans: true, order_by: 'id', sort: 'asc', pagination: 'keyset' };
    return shownRows(await api.list(rowsOf(shape), '/users', query, limitFlag(limit)), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'USER NAME', of: ({ username }) => username },
      { title: 'NAME', of: ({ name }) => name, shortens: true },
      { title: 'E-MAIL', of: ({ email }) => email, shortens: true },
      { title: 'STATE', of: ({ state, is_admin }) => (is_admin ? `${state}, admin` : state) },
    ]);
  },
});

/** `packhouse user` */
export const user: CommandGroup = {
  usage: `Usage: packhouse user <command> [options]

  create  creates a user
  list    lists users

Run packhouse user <command> --help for details.
`,
  actions: { create, list },
};

/** Returns the id of the user with this name. @throws CommandFailed if there is no such user */
export async function userId(api: ApiClient, username: string): Promise<number> {
  const [found] = await api.get(rowsOf({ id: z.number() }), '/users', { username });
  if (!found) throw new CommandFailed(`there is no user ${username}`);
  return found.id;
}
