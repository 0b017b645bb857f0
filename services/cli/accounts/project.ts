import * as z from 'zod';
import type { CommandGroup } from '../command.ts';
import {
  apiCommand,
  limitFlag,
  listUsage,
  ownerPath,
  rowsOf,
  sharedUsage,
  shownRows,
} from './api-command.ts';
import { createBody, createOptions, createUsage } from './create-body.ts';

const shape = {
  id: z.number(),
  path_with_namespace: z.string(),
  name: z.string(),
  visibility: z.string(),
};

const create = apiCommand({
  usage: `Usage: packhouse project create <path> [options]

Creates a project in a group, such as acme/tools. With a path of one part it is
in the namespace of the owner of the token.

${createUsage}${sharedUsage}`,
  operand: 'path',
  options: createOptions,
  async run({ api, given, operand }) {
    const { body, parentId } = await createBody(api, '/namespaces', operand, given);
    const project = await api.post(z.looseObject(shape), '/projects', { ...body, namespace_id: parentId });
    return {
      json: project,
      text: () => `Created the project ${project.path_with_namespace} (id ${project.id}).\n`,
    };
  },
});

const list = apiCommand({
  usage: `Usage: packhouse project list [options]

Lists the projects that the owner of the token may see.

  --group <path or id>   only those in this group and its subgroups
  --search <text>        only those whose name, path or description
                         contains this text
${listUsage}`,
  options: { group: { type: 'string' }, search: { type: 'string' }, limit: { type: 'string' } },
  async run({ api, given: { group, search, limit } }) {
    const below = group === undefined ? {} : { include_subgroups: true };
    const query = { ...below, search, order_by: 'id', sort: 'asc', pagination: 'keyset', simple: true };
    const path = `${ownerPath({ group }) ?? ''}/projects`;
    return shownRows(await api.list(rowsOf(shape), path, query, limitFlag(limit)), [
      { title: 'ID', of: ({ id }) => id },
      { title: 'PATH', of: (project) => project.path_with_namespace },
      { title: 'NAME', of: ({ name }) => name, shortens: true },
      { title: 'VISIBILITY', of: ({ visibility }) => visibility },
    ]);
  },
});

/** `packhouse project` */
export const project: CommandGroup = {
  usage: `Usage: packhouse project <command> [options]

  create  creates a project
  list    lists projects

Run packhouse project <command> --help for details.
`,
  actions: { create, list },
};
