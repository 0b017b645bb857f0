import * as z from 'zod';
import { visibilities } from '../../domain/access.ts';
import type { CommandGroup } from '../command.ts';
import {
  apiCommand,
  choiceFlag,
  limitFlag,
  listUsage,
  ownerPath,
  rowsOf,
  sharedUsage,
  shownRows,
} from './api-command.ts';
import { splitPath } from './split-path.ts';

const shape = {
  id: z.number(),
  path_with_namespace: z.string(),
  name: z.string(),
  visibility: z.string(),
};

const numbered = z.object({ id: z.number() });

const create = apiCommand({
  usage: `Usage: packhouse project create <path> [options]

Creates a project in a group, such as acme/tools. With a path of one part it is
in the namespace of the owner of the token.

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
    const namespace =
      parent === '' ? undefined : await api.get(numbered, `/namespaces/${encodeURIComponent(parent)}`);
    const body = { name, path, description, visibility, namespace_id: namespace?.id };
    const project = await api.post(z.looseObject(shape), '/projects', body);
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
