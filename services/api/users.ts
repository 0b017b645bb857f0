import type { Hono } from 'hono';
import * as z from 'zod';
import type { Principal, User } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { changeUserState } from '../registry/accounts/change-user.ts';
import { createUser } from '../registry/accounts/create-user.ts';
import { findUser, findUserByName } from '../registry/accounts/find-accounts.ts';
import { filtered, type Walk, walkUsers } from '../registry/accounts/list-accounts.ts';
import { seesUser } from '../registry/accounts/sees-user.ts';
import { fullUserJson, userJson } from './json/account-json.ts';
import { pageOf, paging, rowsById, sortedRows } from './paginate.ts';
import { filledText, flag, readParams, text, unlessBlank } from './params.ts';
import { type ApiContext, administrator, idParam, type SignedIn, scopes, signedIn } from './request.ts';

const listParams = z.object({
  ...paging,
  username: unlessBlank(text.optional()),
  search: text.optional(),
  active: flag.optional(),
  blocked: flag.optional(),
  admins: flag.optional(),
  humans: flag.optional(),
  without_project_bots: flag.optional(),
  order_by: z.enum(['id', 'name', 'username', 'created_at', 'updated_at']).default('id'),
  sort: z.enum(['asc', 'desc']).default('desc'),
});

const newUser = z.object({
  username: filledText,
  name: filledText,
  email: z.email(),
  admin: flag.default(false),
  password: z.string().max(2000).optional(),
  reset_password: flag.default(false),
  force_random_password: flag.default(false),
  external: flag
    .refine((external) => !external, 'cannot be true: everybody sees internal projects here')
    .default(false),
});

/** The field of an answer that says what a caller who sent a password, or asked for one by mail, may wrongly expect. */
const passwordWarning = {
  warning: 'passwords are neither stored nor mailed: users sign in with access tokens only',
};

/**
 * `/user` and `/users`: show the caller, list and show users; for administrators: create, block and unblock users.
 */
export function userRoutes(app: Hono<CallEnv>): void {
  app.get('/user', async (c) => {
    const { user } = await signedIn(c, scopes.profile);
    return replyJson(c, 200, fullUserJson(c.env.registry.settings.url, user));
  });
  app.get('/users', listUsers);
  app.post('/users', addUser);
  app.get('/users/:user_id', async (c) => {
    const principal = await signedIn(c, scopes.profile);
    const found = await visibleUser(c, principal, String(idParam(c, 'user_id')));
    if (!found) throw new RegistryError('userNotFound');
    return replyJson(c, 200, renderUser(c, found, principal.user));
  });
  app.post('/users/:user_id/block', (c) => setState(c, 'blocked'));
  app.post('/users/:user_id/unblock', (c) => setState(c, 'active'));
}

/** Returns the user named by `:user_id`. @throws RegistryError when there is no such user */
export async function userOf(c: ApiContext): Promise<User> {
  const user = await findUser(c.env.registry.table, idParam(c, 'user_id'));
  if (!user) throw new RegistryError('userNotFound');
  return user;
}

/** Returns the user with an id or name, if there is one that the caller may know of. */
export async function visibleUser(
  c: ApiContext,
  principal: Principal,
  idOrName: string,
): Promise<User | undefined> {
  const { registry } = c.env;
  const user = await (/^\d+$/.test(idOrName)
    ? findUser(registry.table, Number(idOrName))
    : findUserByName(registry.table, idOrName));
  return user && (await seesUser(registry, principal, user)) ? user : undefined;
}

async function listUsers(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.profile);
  const { user: caller } = principal;
  const params = await readParams(c, listParams);
  const found = (walk: Walk = {}) =>
    filtered(candidates(c, principal, params.username, walk), (user) => passes(user, params, caller));
  const { order_by } = params;
  const descending = params.sort === 'desc';
  const id = (user: User) => user.id;
  const inOrder =
    order_by === 'name' || order_by === 'username'
      ? sortedRows(found(), { by: (user) => user[order_by], id, descending })
      : rowsById(params, descending, id, found);
  const { rows, headers } = await pageOf(c, params, inOrder);
  return replyJson(
    c,
    200,
    rows.map((user) => renderUser(c, user, caller)),
    headers,
  );
}

/** The user with the requested name or, without one, all people; bots are listed to administrators only. */
async function* candidates(
  c: ApiContext,
  principal: SignedIn,
  username: string | undefined,
  walk: Walk,
): AsyncGenerator<User> {
  if (username === undefined) {
    const { admin, id } = principal.user;
    for await (const user of walkUsers(c.env.registry, walk)) {
      if (!user.bot || admin || user.id === id) yield user;
    }
    return;
  }
  const user = /^\d+$/.test(username) ? undefined : await visibleUser(c, principal, username);
  const { after, descending = false } = walk;
  if (user && (after === undefined || (descending ? user.id < after : user.id > after))) yield user;
}

/** Whether a user meets the filters. Only administrators find users by their e-mail addresses. */
function passes(user: User, params: z.infer<typeof listParams>, caller: User): boolean {
  const { active, blocked, admins, humans, without_project_bots: noBots, search } = params;
  if (active === true && user.state !== 'active') return false;
  if (blocked === true && user.state !== 'blocked') return false;
  if (admins === true && !user.admin) return false;
  if ((humans === true || noBots === true) && user.bot) return false;
  if (search === undefined) return true;
  const part = search.toLowerCase();
  return (
    user.username.toLowerCase().includes(part) ||
    user.name.toLowerCase().includes(part) ||
    (caller.admin && user.email.toLowerCase() === part)
  );
}

/** Creates a user. Tools for GitLab always send a password, which nobody could use here, so it is not stored. */
async function addUser(c: ApiContext): Promise<Response> {
  const principal = await administrator(c, scopes.write);
  const { username, name, email, admin, ...rest } = await readParams(c, newUser);
  const expectsPassword = rest.password !== undefined || rest.reset_password;
  try {
    const actor = actorOf(principal, c);
    const user = await createUser(c.env.registry, { username, name, email, admin, actor });
    const shown = fullUserJson(c.env.registry.settings.url, user);
    return replyJson(c, 201, expectsPassword ? { ...shown, ...passwordWarning } : shown);
  } catch (error) {
    const reason = error instanceof RegistryError ? error.fields?.path?.[0] : undefined;
    if (reason === undefined) throw error;
    if (reason === 'has already been taken') {
      throw new RegistryError('conflict', `Username ${reason}`, { cause: error });
    }
    throw new RegistryError('invalidRequest', undefined, { cause: error, fields: { username: [reason] } });
  }
}

async function setState(c: ApiContext, state: User['state']): Promise<Response> {
  const principal = await administrator(c, scopes.write);
  const user = await userOf(c);
  if (user.id === principal.user.id) {
    throw new RegistryError('forbidden', 'Forbidden - administrators cannot block themselves');
  }
  await changeUserState(c.env.registry, user, state, actorOf(principal, c));
  return replyJson(c, 201, true);
}

function renderUser(c: ApiContext, user: User, caller: User) {
  const { url } = c.env.registry.settings;
  return caller.admin || caller.id === user.id ? fullUserJson(url, user) : userJson(url, user);
}
