import * as z from 'zod';
import { SettingsError } from '../../runtime/server/settings.ts';
import type { CommandGroup } from '../command.ts';
import { levelFlag, levelName, levelNames } from './access-level.ts';
import {
  apiCommand,
  dayFlag,
  limitFlag,
  listUsage,
  ownerPath,
  rowsOf,
  sharedUsage,
  shownRows,
} from './api-command.ts';

const shape = {
  id: z.number(),
  username: z.string(),
  name: z.string(),
  access_level: z.number(),
  expires_at: z.string().nullable(),
};

const owner = { project: { type: 'string' }, group: { type: 'string' } } as const;

const add = apiCommand({
  usage: `Usage: packhouse member add <user name> --group <path> [options]
       packhouse member add <user name> --project <path> [options]

Makes a user a member of a group, with everything below it, or of a project.

  --level <level>        ${levelNames.join(', ')};
                         by default developer, who can publish
  --expires <day>        when the membership ends, such as 2027-01-31
${sharedUsage}`,
  operand: 'user name',
  options: { ...owner, level: { type: 'string' }, expires: { type: 'string' } },
  async run({ api, given, operand: username }) {
    const body = {
      username: [username],
      access_level: levelFlag(given.level, 'developer'),
      expires_at: dayFlag('expires', given.expires),
    };
    const member = await api.post(z.looseObject(shape), `${required(given)}/members`, body);
    const level = levelName(member.access_level);
    const where = given.group === undefined ? `project ${given.project}` : `group ${given.group}`;
    return { json: member, text: () => `Added ${member.username} to the ${where} as ${level}.\n` };
  },
});

const list = apiCommand({
  usage: `Usage: packhouse member list --group <path> [options]
       packhouse member list --project <path> [options]

Lists the members of a group or project, and those of the groups above it.

${listUsage}`,
  options: { ...owner, limit: { type: 'string' } },
  async run({ api, given }) {
    const path = `${required(given)}/members/all`;
    return shownRows(await api.list(rowsOf(shape), path, { pagination: 'keyset' }, limitFlag(given.limit)), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'USER NAME', of: ({ username }) => username },
      { title: 'NAME', of: ({ name }) => name, shortens: true },
      { title: 'LEVEL', of: (member) => levelName(member.access_level) },
      { title: 'EXPIRES', of: (member) => member.expires_at ?? 'never' },
    ]);
  },
});

function required(given: { readonly project?: string; readonly group?: string }): string {
  const path = ownerPath(given);
  if (path === undefined) throw new SettingsError('--group or --project is required');
  return path;
}

/** `packhouse member` */
export const member: CommandGroup = {
  usage: `Usage: packhouse member <command> [options]

  add   makes a user a member of a group or project
  list  lists the members of a group or project

Run packhouse member <command> --help for details.
`,
  actions: { add, list },
};
