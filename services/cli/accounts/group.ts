import * as z from 'zod';
import type { CommandGroup } from '../command.ts';
import { apiCommand, limitFlag, listUsage, rowsOf, sharedUsage, shownRows } from './api-command.ts';
import { createBody, createOptions, createUsage } from './create-body.ts';

const shape = { id: z.number(), full_path: z.string(), name: z.string(), visibility: z.string() };

const create = apiCommand({
  usage: `Usage: packhouse group create <path> [options]

Creates a group, such as acme, or a subgroup, such as acme/backend.

${createUsage}${sharedUsage}`,
  operand: 'path',
  options: createOptions,
  async run({ api, given, operand }) {
    const { body, parentId } = await createBody(api, '/groups', operand, given);
    const group = await api.post(z.looseObject(shape), '/groups', { ...body, parent_id: parentId });
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
