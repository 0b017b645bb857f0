import * as z from 'zod';
import { visibilities } from '../../domain/access.ts';
import { SettingsError } from '../../runtime/server/settings.ts';
import type { ApiClient } from '../api-client.ts';
import { choiceFlag } from './api-command.ts';

/** The options of a new group or project. */
export const createOptions = {
  name: { type: 'string' },
  description: { type: 'string' },
  visibility: { type: 'string' },
} as const;

/** What the usage says about these options. */
export const createUsage = `  --name <text>          the name; by default the last part of the path
  --description <text>   a description
  --visibility <who>     ${visibilities.join(', ')}
`;

const numbered = z.object({ id: z.number() });

/**
 * What to send for a new group or project, and the id of the group or namespace that it is created in; undefined at the
 * top level. `collection` is the path of the API under which that is found.
 */
export async function createBody(
  api: ApiClient,
  collection: '/groups' | '/namespaces',
  fullPath: string,
  given: { readonly [N in keyof typeof createOptions]?: string },
) {
  const { parent, path } = splitPath(fullPath);
  const { name = path, description } = given;
  const visibility = choiceFlag('visibility', given.visibility, visibilities);
  const above =
    parent === '' ? undefined : await api.get(numbered, `${collection}/${encodeURIComponent(parent)}`);
  return { body: { name, path, description, visibility }, parentId: above?.id };
}

/**
 * Splits a path such as `acme/backend` into the path of what it is in, empty at the top level, and its last part.
 * @throws SettingsError when a part is empty
 */
function splitPath(fullPath: string): { readonly parent: string; readonly path: string } {
  const parts = fullPath.split('/');
  if (parts.includes('')) throw new SettingsError(`${fullPath} is not a path such as acme/backend`);
  return { parent: parts.slice(0, -1).join('/'), path: parts.at(-1) ?? '' };
}
