import type { Context, Handler } from 'hono';
import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName } from '../../domain/names.ts';
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

/** What a guarded route declares. */
export interface GuardOptions {
  /**
   * Returns the part of the URL that starts with the full path of a project, if the URL does not show where that path
   * ends: `acme/tools/app` is the package `app` of the project `acme/tools`.
   */
  readonly projectPath?: (c: FormatContext) => string;
  /**
   * Returns the normalised package name in the URL; throws if it is not a valid name. Only routes that publish show
   * that error, and only to callers who may publish. For other routes the package is missing then. With `projectPath`,
   * `rest` is what follows the project's path, without the slash between them.
   */
  readonly name?: (c: FormatContext, rest: string) => PackageName | undefined;
  /** What the handler needs of the package, read together with the access facts; throws likewise. */
  readonly select?: (c: FormatContext, name: PackageName) => Selection;
  /** The document of a repository-wide index that the handler sends with `sendIndex`. */
  readonly document?: (c: FormatContext) => { readonly index: string; readonly name: string };
}

/** What a publishing route declares. */
export interface PublishOptions extends GuardOptions {
  /**
   * What the URL says about the files to be published; undefined if the request publishes nothing. Without this
   * option, only the name of the package is known.
   */
  readonly announced?: (c: FormatContext) => Announced | undefined;
  /** Whether to read if the name has an owner, for `publishVersion` with `held`, which reads nothing again. */
  readonly readsOwner?: boolean;
}

type Handle<M> = (c: FormatContext, found: FoundPackage<M>) => Response | Promise<Response>;
type HandleTarget<M> = (c: FormatContext, target: Target<M>) => Response | Promise<Response>;

/** A project in which the caller may perform the action of the route, and who the caller is. */
export interface Target<M = unknown> {
  readonly project: Project;
  readonly actor: Actor;
  readonly access: Access<M>;
  /** The project's copy of the requested package; undefined if the request names no package. */
  readonly holding: Holding<M> | undefined;
}

/** Guards a route that reads, at project, group and instance level: the caller must be allowed to pull. */
export function pull<M>(given: GuardOptions, handle: Handle<M>): Handler<FormatEnv> {
  const options = reading(given, nothing);
  return async (c) => {
    const found = await findPackage<M>(c.env.registry, requestOf(c, options));
    try {
      return await handle(c, found);
    } catch (error) {
      if (!mayBeHidden(c, found, error)) throw error;
      const reason = 'missing or hidden, no token';
      throw new RegistryError('unauthenticated', undefined, { cause: error, reason });
    }
  };
}

/**
 * Above project level, something that an anonymous caller does not find may be in a project hidden from it, such
 * as a further version of a public package. For clients that send credentials only after a 401, the answer is a
 * 401, regardless of what exists.
 */
function mayBeHidden({ env }: FormatContext, { principal, project }: Access, error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.code === 'packageNotFound' &&
    principal.kind === 'anonymous' &&
    project === undefined &&
    !env.format.credentialsFirst
  );
}

/**
 * Finds a package other than the one of the route, for the same caller, who must be allowed to pull it. Undefined if it is
 * missing or hidden, or the caller may not.
 * @throws RegistryError `notGranted` if the caller may, but needs another grant for it
 */
export async function pullAlso<M>(
  c: FormatContext,
  given: GuardOptions,
): Promise<FoundPackage<M> | undefined> {
  try {
    return await findPackage<M>(c.env.registry, requestOf(c, reading(given, nothing)));
  } catch (error) {
    const isRefused = error instanceof RegistryError && error.kind !== 'unavailable';
    if (isRefused && error.code !== 'notGranted') return undefined;
    throw error;
  }
}

/**
 * Guards a route that publishes, at project level only: the caller must be allowed to publish. The publish rules
 * are checked against what the URL says before the body is read, and again when the version is published.
 */
export function publish<M>(options: PublishOptions, handle: HandleTarget<M>): Handler<FormatEnv> {
  const { announced = () => ({ files: [] }), readsOwner } = options;
  const handler = async (c: FormatContext) => {
    const access = await openAccess<M>(c.env.registry, {
      ...requestOf(c, options),
      action: 'publish',
      announced: () => announced(c),
      readsOwner,
    });
    return handle(c, targetOf(c, access));
  };
  return options.projectPath ? handler : inProject('Publish to a project', handler);
}

/**
 * Restricts a route to project level, because at other levels it would be unclear which project is meant. `hint`
 * tells the user what to do instead.
 */
export function inProject(hint: string, handler: Handler<FormatEnv>): Handler<FormatEnv> {
  return (c, next) => {
    if (c.env.address.level === 'project') return handler(c, next);
    throw new RegistryError('methodNotAllowed', `${hint}: this address only serves packages`);
  };
}

/**
 * Guards a route that changes an existing package, at any level: it applies to the first project that has the
 * package.
 */
export function change<M>(
  action: Extract<ProjectAction, 'publish' | 'delete'>,
  given: GuardOptions & { readonly name: (c: FormatContext, rest: string) => PackageName },
  handle: HandleTarget<M>,
): Handler<FormatEnv> {
  const options = reading(given, packageMissing);
  return async (c) => {
    const access = await openAccess<M>(c.env.registry, { ...requestOf(c, options), action });
    const [holding] = access.holdings;
    if (!holding?.head && !holding?.blobs.size) throw new RegistryError('packageNotFound');
    return handle(c, targetOf(c, access));
  };
}

/**
 * The options of a route that publishes nothing: text in a URL that is not a name belongs to a missing package. What
 * `malformed` returns is selected in place of what can't be parsed.
 */
function reading({ name, select, ...rest }: GuardOptions, malformed: () => Selection): GuardOptions {
  return {
    ...rest,
    ...(name && {
      name: (c, rest) =>
        orElse(
          () => name(c, rest),
          () => undefined,
        ),
    }),
    ...(select && { select: (c, parsed) => orElse(() => select(c, parsed), malformed) }),
  };
}

function orElse<T>(work: () => T, instead: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RegistryError) return instead();
    throw error;
  }
}

function packageMissing(): never {
  throw new RegistryError('packageNotFound');
}

function nothing(): Selection {
  return {};
}

function requestOf(
  c: FormatContext,
  { projectPath, name, select, document }: GuardOptions,
): Omit<AccessRequest, 'action'> {
  const { address, format, trace } = c.env;
  return {
    trace,
    credential: credentialOf(c.req.raw, format.tokenHeaders),
    endpoint: projectPath ? { level: 'project', owner: projectPath(c), continues: true } : address,
    format,
    ...(name && {
      name: (rest) => {
        const parsed = name(c, rest);
        trace.package = parsed;
        return parsed;
      },
    }),
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
