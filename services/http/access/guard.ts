import type { Context, Handler } from 'hono';
import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { ProjectAction } from '../../registry/access/authorize.ts';
import { type FoundPackage, findPackage } from '../../registry/access/find-package.ts';
import type { Holding, Selection } from '../../registry/access/holdings.ts';
import {
  type Access,
  type AccessRequest,
  type Announced,
  openAccess,
} from '../../registry/access/open-access.ts';
import type { FormatEnv } from '../format/format.ts';
import { actorOf } from './actor.ts';
import { credentialOf } from './credentials.ts';

/** The Hono context of a format's handler. */
export type FormatContext = Context<FormatEnv>;

/** What a guarded route says about itself. */
export interface GuardOptions {
  /** The normalised package name in the URL, if there is one; throws when it can't be a name. */
  readonly name?: (c: FormatContext) => string | undefined;
  /** What the handler needs of the package, to be read together with the access facts; throws when it is malformed. */
  readonly select?: (c: FormatContext, name: string) => Selection;
  /** The document of an index over all packages that the handler sends with `sendIndex`. */
  readonly document?: (c: FormatContext) => { readonly index: string; readonly name: string };
}

/** What a route that publishes says about itself. */
export interface PublishOptions extends GuardOptions {
  /** What the address says of the publish; undefined when nothing is published. Without this, its name alone counts. */
  readonly announced?: (c: FormatContext) => Announced | undefined;
}

type Handle<M> = (c: FormatContext, found: FoundPackage<M>) => Response | Promise<Response>;
type HandleTarget<M> = (c: FormatContext, target: Target<M>) => Response | Promise<Response>;

/** A project on which the caller may do what the route is for, and who the caller is. */
export interface Target<M = unknown> {
  readonly project: Project;
  readonly actor: Actor;
  readonly access: Access<M>;
  /** The project's copy of the package that the request names; undefined when it names none. */
  readonly holding: Holding<M> | undefined;
}

/** A route that reads: open to whoever may pull, at project, group and instance level. */
export function pull<M>(options: GuardOptions, handle: Handle<M>): Handler<FormatEnv> {
  return async (c) => {
    const found = await findPackage<M>(c.env.registry, requestOf(c, options));
    try {
      return await handle(c, found);
    } catch (error) {
      throw mayBeHidden(c, found, error) ? new RegistryError('unauthenticated') : error;
    }
  };
}

/**
 * Above project level, what a caller without credentials does not find may be in a project that is hidden from it: a
 * version of a public name, say. Clients that send credentials only when asked are asked for them, whatever there is.
 */
function mayBeHidden({ env }: FormatContext, { principal }: Access, error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.code === 'packageNotFound' &&
    principal.kind === 'anonymous' &&
    env.address.level !== 'project' &&
    !env.format.credentialsFirst
  );
}

/**
 * A route that publishes: at project level, for whoever may publish there. The rules for publishing are asked with what
 * the address says, before the body is read; the verb that publishes asks them again.
 */
export function publish<M>(options: PublishOptions, handle: HandleTarget<M>): Handler<FormatEnv> {
  const { announced = () => ({ files: [] }) } = options;
  return inProject('Publish to a project', async (c) => {
    const request = { ...requestOf(c, options), action: 'publish' as const, announced: () => announced(c) };
    return handle(c, targetOf(c, await openAccess<M>(c.env.registry, request)));
  });
}

/** A route of projects only, where a group would have to be told which of its projects is meant; `hint` says what to do. */
export function inProject(hint: string, handler: Handler<FormatEnv>): Handler<FormatEnv> {
  return (c, next) => {
    if (c.env.address.level === 'project') return handler(c, next);
    throw new RegistryError('methodNotAllowed', `${hint}: this address only serves packages`);
  };
}

/** A route that changes a package that exists, at any level: the first project that holds the name is meant. */
export function change<M>(
  action: Extract<ProjectAction, 'publish' | 'delete'>,
  options: GuardOptions & { readonly name: (c: FormatContext) => string },
  handle: HandleTarget<M>,
): Handler<FormatEnv> {
  return async (c) => {
    const access = await openAccess<M>(c.env.registry, { ...requestOf(c, options), action });
    if (!access.holdings[0]?.head) throw new RegistryError('packageNotFound');
    return handle(c, targetOf(c, access));
  };
}

function requestOf(
  c: FormatContext,
  { name, select, document }: GuardOptions,
): Omit<AccessRequest, 'action'> {
  const { address, format } = c.env;
  return {
    credential: credentialOf(c.req.raw, format.tokenHeaders),
    endpoint: address,
    format,
    name: name?.(c),
    ...(select && { select: (normalised) => select(c, normalised) }),
    ...(document && { document: document(c) }),
  };
}

function targetOf<M>(c: FormatContext, access: Access<M>): Target<M> {
  const [holding] = access.holdings;
  const project = access.project ?? holding?.project;
  if (!project) throw new RegistryError('packageNotFound');
  return { project, actor: actorOf(access.principal, c), access, holding };
}
