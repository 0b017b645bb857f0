import type { Context, Handler } from 'hono';
import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';
import type { ProjectAction } from '../../registry/access/authorize.ts';
import type { FormatEnv } from '../format/format.ts';
import { actorOf } from './actor.ts';
import { openScope, type Scope } from './scope.ts';

/** The Hono context of a format's handler. */
export type FormatContext = Context<FormatEnv>;

/** What a guarded route says about itself. */
export interface GuardOptions {
  /** The normalised package name in the URL, if there is one; throws when it can't be a name. */
  readonly name?: (c: FormatContext) => string | undefined;
  /** Keys of items the handler will want, read together with the access facts. */
  readonly more?: (c: FormatContext, ref: PackageRef) => readonly Key[];
}

type Handle = (c: FormatContext, scope: Scope) => Response | Promise<Response>;
type HandleProject = (c: FormatContext, target: Target) => Response | Promise<Response>;

/** A project on which the caller may do what the route is for, and who the caller is. */
export interface Target {
  readonly project: Project;
  readonly actor: Actor;
  readonly scope: Scope;
}

/** A route that reads: open to whoever may pull, at project, group and instance level. */
export function pull(options: GuardOptions, handle: Handle): Handler<FormatEnv> {
  return async (c) => {
    const scope = await guard(c, 'pull', options);
    try {
      return await handle(c, scope);
    } catch (error) {
      throw mayBeHidden(c, scope, error) ? new RegistryError('unauthenticated') : error;
    }
  };
}

/**
 * Above project level, what a caller without credentials does not find may be in a project that is hidden from it: a
 * version of a public name, say. Clients that send credentials only when asked are asked for them, whatever there is.
 */
function mayBeHidden({ env }: FormatContext, { principal }: Scope, error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.code === 'packageNotFound' &&
    principal.kind === 'anonymous' &&
    env.address.level !== 'project' &&
    !env.format.credentialsFirst
  );
}

/** A route that publishes: at project level, for whoever may publish there. */
export function publish(options: GuardOptions, handle: HandleProject): Handler<FormatEnv> {
  return inProject('Publish to a project', async (c) =>
    handle(c, target(c, await guard(c, 'publish', options))),
  );
}

/** A route of projects only, where a group would have to be told which of its projects is meant; `hint` says what to do. */
export function inProject(hint: string, handler: Handler<FormatEnv>): Handler<FormatEnv> {
  return (c, next) => {
    if (c.env.address.level === 'project') return handler(c, next);
    throw new RegistryError('methodNotAllowed', `${hint}: this address only serves packages`);
  };
}

/** A route that changes a package that exists, at any level: the first project that holds the name is meant. */
export function change(
  action: Extract<ProjectAction, 'publish' | 'delete'>,
  options: GuardOptions & { readonly name: (c: FormatContext) => string },
  handle: HandleProject,
): Handler<FormatEnv> {
  return async (c) => {
    const scope = await guard(c, action, options);
    if (!scope.found[0]?.head) throw new RegistryError('packageNotFound');
    return handle(c, target(c, scope));
  };
}

function guard(c: FormatContext, action: ProjectAction, options: GuardOptions): Promise<Scope> {
  const { more } = options;
  return openScope(c.env, c.req.raw, {
    action,
    name: options.name?.(c),
    more: more ? (ref) => more(c, ref) : () => [],
  });
}

function target(c: FormatContext, scope: Scope): Target {
  const project = scope.project ?? scope.found[0]?.project;
  if (!project) throw new RegistryError('packageNotFound');
  return { project, actor: actorOf(scope.principal, c), scope };
}
