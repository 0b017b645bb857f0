import type { Hono } from 'hono';
import * as z from 'zod';
import type { Group } from '../domain/accounts.ts';
import { badParameters } from '../domain/errors.ts';
import type { FormatRules } from '../domain/format-rules.ts';
import { type PackageName, parsePackageName } from '../domain/names.ts';
import { actorOf } from '../http/access/actor.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { findGroup } from '../registry/accounts/find-accounts.ts';
import { groupsById } from '../registry/accounts/list-accounts.ts';
import { bindPrefix, listPrefixes, type NamePrefix, unbindPrefix } from '../registry/names/bound-prefixes.ts';
import { listOwners, moveName, type OwnedName, releaseName } from '../registry/names/change-owner.ts';
import { isBindable } from '../registry/names/prefixes-of.ts';
import { ownerJson, prefixJson } from './json/name-json.ts';
import { pageByKeyset, pageSize, paging } from './paginate.ts';
import { filledText, integer, readParams, text } from './params.ts';
import { type ApiContext, administrator, type SignedIn, scopes } from './request.ts';

const listParams = z.object({ ...paging, package_type: text, search: text.default('') });
const nameParams = z.object({ package_type: text, name: text });
const prefixParams = z.object({ package_type: text, prefix: text });
const namespace = { namespace_id: z.union([integer, filledText]) };

/**
 * `/admin/package_names` and `/admin/package_prefixes`, which GitLab does not have: which root namespace serves a name
 * at instance level. For administrators only.
 */
export function nameRoutes(app: Hono<CallEnv>): void {
  app.get('/admin/package_names', listNames);
  app.put('/admin/package_names', async (c) => {
    const principal = await administrator(c, scopes.write);
    const input = await readParams(c, nameParams.extend(namespace));
    const root = await rootOf(c, input.namespace_id);
    const owner = await moveName(c.env.registry, await nameOf(c, principal, input), root);
    return replyJson(c, 200, ownerJson(owner, new Map([[root.id, root]])));
  });
  app.delete('/admin/package_names', async (c) => {
    const principal = await administrator(c, scopes.write);
    await releaseName(c.env.registry, await nameOf(c, principal, await readParams(c, nameParams)));
    return reply(c, 204, null);
  });
  app.get('/admin/package_prefixes', listAllPrefixes);
  app.put('/admin/package_prefixes', async (c) => {
    const principal = await administrator(c, scopes.write);
    const input = await readParams(c, prefixParams.extend(namespace));
    const root = await rootOf(c, input.namespace_id);
    const bound = await bindPrefix(c.env.registry, await prefixOf(c, principal, input), root);
    return replyJson(c, 200, prefixJson(bound, new Map([[root.id, root]])));
  });
  app.delete('/admin/package_prefixes', async (c) => {
    const principal = await administrator(c, scopes.write);
    await unbindPrefix(c.env.registry, await prefixOf(c, principal, await readParams(c, prefixParams)));
    return reply(c, 204, null);
  });
}

async function listNames(c: ApiContext): Promise<Response> {
  await administrator(c, scopes.read);
  const { registry } = c.env;
  const input = await readParams(c, listParams);
  const { id: format } = await formatOf(c, input.package_type);
  const start = parsePackageName(input.search);
  const after = parsedCursor(input.cursor);
  const list = { format, start, after, limit: pageSize(input) + 1 };
  // No name starts with a text that is longer than names are.
  const owners = start === undefined && input.search !== '' ? [] : await listOwners(registry, list);
  const { rows, headers } = pageByKeyset(c, input, owners, ({ name }) => ({ cursor: name }));
  const namespaces = await groupsById(registry, [...new Set(rows.flatMap(({ rootId }) => rootId ?? []))]);
  const json = rows.map((owner) => ownerJson(owner, namespaces));
  return replyJson(c, 200, json, headers);
}

/** The last name of the page before. */
function parsedCursor(cursor: string | undefined): PackageName | undefined {
  if (cursor === undefined) return undefined;
  const name = parsePackageName(cursor);
  if (name === undefined) throw badParameters(['cursor is invalid']);
  return name;
}

async function listAllPrefixes(c: ApiContext): Promise<Response> {
  await administrator(c, scopes.read);
  const { registry } = c.env;
  const { package_type: type } = await readParams(c, z.object({ package_type: text.optional() }));
  const formats = type === undefined ? await registry.formats() : [await formatOf(c, type)];
  const bound = (await Promise.all(formats.map(({ id }) => listPrefixes(registry, id)))).flat();
  const namespaces = await groupsById(registry, [...new Set(bound.map(({ rootId }) => rootId))]);
  const json = bound.map((prefix) => prefixJson(prefix, namespaces));
  return replyJson(c, 200, json);
}

async function formatOf(c: ApiContext, type: string): Promise<FormatRules> {
  const format = (await c.env.registry.formats()).find(({ id }) => id === type);
  if (!format) throw badParameters(['package_type does not have a valid value']);
  return format;
}

/** The name as it is stored, however the caller spells it. */
async function nameOf(
  c: ApiContext,
  principal: SignedIn,
  input: z.infer<typeof nameParams>,
): Promise<OwnedName> {
  const format = await formatOf(c, input.package_type);
  const parse = format.prefixes?.parse ?? parsePackageName;
  const name = parse(input.name);
  if (name === undefined) throw badParameters(['name is invalid']);
  return { format, name, actor: actorOf(principal, c) };
}

async function prefixOf(
  c: ApiContext,
  principal: SignedIn,
  input: z.infer<typeof prefixParams>,
): Promise<NamePrefix> {
  const format = await formatOf(c, input.package_type);
  const prefix = parsedPrefix(format, input.prefix);
  if (prefix === undefined || !isBindable(format, prefix)) throw badParameters(['prefix is invalid']);
  return { format: format.id, prefix, actor: actorOf(principal, c) };
}

/** A prefix in the spelling of stored names, without the separators at its end. */
function parsedPrefix({ prefixes }: FormatRules, text: string): PackageName | undefined {
  let end = text.length;
  while (end > 0 && prefixes?.separators.includes(text.charAt(end - 1))) end--;
  return prefixes?.parse(text.slice(0, end));
}

async function rootOf(c: ApiContext, idOrPath: string | number): Promise<Group> {
  const found = await findGroup(c.env.registry.table, String(idOrPath));
  if (!found) throw badParameters(['namespace_id does not exist']);
  if (found.parentId !== null) throw badParameters(['namespace_id is not a top-level namespace']);
  return found;
}
