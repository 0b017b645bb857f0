import * as z from 'zod';
import { visibilities } from '../../domain/access.ts';
import type { CommandGroup } from '../command.ts';
import {
  apiCommand,
  choiceFlag,
  limitFlag,
  listUsage,
  rowsOf,
  sharedUsage,
  shownRows,
} from './api-command.ts';
import { splitPath } from './split-path.ts';

const shape = { id: z.number(), full_path: z.string(), name: z.string(), visibility: z.string() };

const numbered = z.object({ id: z.number() });

const create = apiCommand({
  usage: `Usage: packhouse group create <path> [options]

Creates a group, such as acme, or a subgroup, such as acme/backend.

  --name <text>          the name; by default the last part of the path
  --description <text>   a description
  --visibility <who>     ${visibilities.join(', ')}
${sharedUsage}`,
  operand: 'path',
  options: { name: { type: 'string' }, description: { type: 'string' }, visibility: { type: 'string' } },
  async run({ api, given, operand }) {
    const { parent, path } = splitPath(operand);
    const visibility = choiceFlag('visibility', given.visibility, visibilities);
    const { name = path, description } = given;
    const above =
      parent === '' ? undefined : await api.get(numbered, `/groups/${encodeURIComponent(parent)}`);
    const body = { name, path, description, visibility, parent_id: above?.id };
    const group = await api.post(z.looseObject(shape), '/groups', body);
    return { json: group, text: () => `Created the group ${group.full_path} (id ${group.id}).\n` };
  },
});

const list = apiCommand({
  usage: `Usage: packhouse group list [options]

Lists the groups that the owner of the token is a member of, for an
administrator all.

  --search <text>        only those whose name or path contains this text
${listUsage}`,
  options: { search: { type: 'string' }, limit: { type: 'string' } },
  async run({ api, given: { search, limit } }) {
    const query = { search, order_by: 'id', sort: 'asc', pagination: 'keyset' };
    return shownRows(await api.list(rowsOf(shape), '/groups', query, limitFlag(limit)), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'PATH', of: ({ full_path }) => full_path },
      { title: 'NAME', of: ({ name }) => name, shortens: true },
      { title: 'VISIBILITY', of: ({ visibility }) => visibility },
    ]);
  },
});

/** `packhouse group` */
export const group: CommandGroup = {
  usage: `Usage: packhouse group <command> [options]

  create  creates a group or subgroup
  list    lists groups

Run packhouse group <command> --help for details.
`,
  actions: { create, list },
};
