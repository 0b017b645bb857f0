/** The entry point to packages: who the caller is, what they may do, and which projects hold the package. */

import type { Feature } from '../../domain/access.ts';
import type { Group, Principal, Project, Token } from '../../domain/accounts.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { RequestTrace } from '../../domain/request-trace.ts';
import {
  type Located,
  type LocatedProject,
  locateGroup,
  locateProject,
  locateProjectOn,
} from '../accounts/find-accounts.ts';
import type { Credential } from '../accounts/find-token.ts';
import type { Registry } from '../context.ts';
import { requireGranted } from '../grants/grant.ts';
import { documentKeys, type ReadDocument } from '../indexes/find-document.ts';
import { planOwnership, servingQuery } from '../names/owning-root.ts';
import { type NamesToTake, readNamesToTake } from '../names/take-names.ts';
import {
  type FirstHolders,
  firstHolders,
  holderPages,
  type NameQuery,
  nameQuery,
  versionHolders,
} from '../packages/locate-packages.ts';
import { byTimeHeld } from '../packages/precedence.ts';
import { publishRules } from '../publish-rules/publish-rules.ts';
import type { Publication } from '../publish-rules/rule.ts';
import type { NameEntry } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { requireRoom } from '../require-room.ts';
import type { Decision, ProjectAction } from './authorize.ts';
import { type Holding, missingFrom, planHolding, type Selection } from './holdings.ts';
import { type Presented, principalKeys, principalOf, tokenOf, userIdOf } from './identify.ts';
import { rightsFrom, rightsKeys } from './project-rights.ts';
import { absent, pathMoved, requireDecision } from './refusals.ts';
import { requireVisibleGroup } from './visible-group.ts';

/** A request for access to an endpoint, and usually to a package. */
export interface AccessRequest {
  readonly credential: Credential | undefined;
  readonly endpoint: Endpoint;
  readonly format: FormatRules;
  readonly action: ProjectAction;
  /**
   * Returns the name of the package, or undefined if the address has none that a package can have: it is missing then.
   * Gets what follows the project's path in an endpoint that `continues`, else an empty text.
   * Absent if the request concerns no package. Like the functions below, it may throw if the address is malformed;
   * callers get that error only where they may know that a package is missing.
   */
  readonly name?: ((rest: string) => PackageName | undefined) | undefined;
  /** Returns what the request reads from the package. */
  readonly select?: (name: PackageName) => Selection;
  /** A document of an index over all packages of the project, read in the same round trip as the access data. */
  readonly document?: { readonly index: string; readonly name: string };
  /** Returns what the address of a publish announces, so that rules can refuse it early. Absent for other requests. */
  readonly announced?: () => Announced | undefined;
  /** Whether to read if the name has an owner, for a publish that reads nothing again. */
  readonly readsOwner?: boolean | undefined;
  /** Gets the caller, and the reason of a refusal. */
  readonly trace?: RequestTrace;
}

/** What is known about a publish in addition to the project and the name. */
export type Announced = Pick<Publication, 'files'> &
  Partial<Pick<Publication, 'version' | 'displayName' | 'ofNewVersion'>>;

/** What a request has access to, once credentials and permissions have been checked. */
export interface Access<M = unknown> {
  readonly format: FormatRules;
  readonly principal: Principal;
  /** The project, at project level. */
  readonly project: Project | undefined;
  /** The group, at group level. */
  readonly group: Group | undefined;
  /**
   * The projects that hold the package and allow the action; the one that has held the name for longest comes
   * first. At project level always the project, even if it does not hold the package. Empty if the request has no
   * package name.
   */
  readonly holdings: readonly Holding<M>[];
  /**
   * What other projects hold, for which the action is not allowed. Nothing of it may be shown; see `HeldPackage`. Empty
   * at project level.
   */
  readonly withheld: readonly Holding<M>[];
  /** The name of the requested package. */
  readonly name: PackageName | undefined;
  readonly selection: Selection;
  /** The name if it has no owner yet, for a publish that asked for it. */
  readonly namesToTake?: NamesToTake | undefined;
  /** The requested document of an index as it is stored, at project level. */
  readonly document?: ReadDocument | undefined;
}

/**
 * Checks the credentials and permissions of a request at its endpoint, and reads its selection at the same time:
 * two sequential round trips at project level, three at group and instance level.
 * @throws RegistryError if the caller may not do this, if the resource is missing or hidden, or if a rule
 * refuses the publish.
 */
export async function openAccess<M>(registry: Registry, request: AccessRequest): Promise<Access<M>> {
  const { credential, endpoint, trace } = request;
  const tokenLookup = tokenOf(registry, credential, { grants: request.format.grants, trace });
  if (endpoint.level === 'project') {
    const [presented, project] = await both(tokenLookup, locateEndpoint(registry.table, endpoint));
    return openProject(registry, request, presented, project);
  }
  const owner = endpoint.level === 'group' ? locateGroup(registry.table, endpoint.owner) : undefined;
  const [{ token, grant }, group] = await both(tokenLookup, Promise.resolve(owner));
  requireGranted(grant, endpoint.owner, request.action);
  return openShared(registry, request, token, group);
}

/** The project of an endpoint, and what follows its path. */
async function locateEndpoint(
  table: Registry['table'],
  { owner, continues }: Endpoint,
): Promise<LocatedProject | undefined> {
  if (continues) return locateProjectOn(table, owner);
  const located = await locateProject(table, owner);
  return located && { ...located, rest: '' };
}

/** Waits for both; an error of the token takes precedence over an error of the other. */
async function both<T>(token: Promise<Presented>, other: Promise<T>) {
  const [first, second] = await Promise.allSettled([token, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value] as const;
}

async function openProject<M>(
  registry: Registry,
  request: AccessRequest,
  { token, grant }: Presented,
  located: LocatedProject | undefined,
): Promise<Access<M>> {
  const { table, clock } = registry;
  const { endpoint, format, action, document, readsOwner, trace } = request;
  if (!located) {
    const items = await readItems(table, principalKeys(token));
    throw absent(principalOf(token, items, clock.now(), trace), 'projectNotFound', 'missing');
  }
  const project = located.entity;
  const { name, selection, announced, check } = readAddress(request, located.rest);
  const ref = name === undefined ? undefined : { projectId: project.id, format: format.id, name };
  const plan = ref && planHolding<M>(ref, selection);
  const query = document && {
    ref: { projectId: project.id, format: format.id, index: document.index },
    name: document.name,
  };
  const rules =
    ref && announced ? publishRules({ project, format, name: ref.name, ...announced }, registry) : undefined;
  const [items, namesToTake] = await Promise.all([
    readItems(table, [
      ...principalKeys(token),
      ...rightsKeys(project, userIdOf(token)),
      ...(plan?.keys ?? []),
      ...(query ? documentKeys(query) : []),
      ...(rules?.keys ?? []),
    ]),
    ref && readsOwner ? readNamesToTake(registry, format, [ref.name]) : undefined,
  ]);
  const principal = principalOf(token, items, clock.now(), trace);
  requireDecision(
    rightsFrom(items, principal, project, clock.now()).decide(action, format.feature),
    format.feature,
  );
  requireGranted(grant, endpoint.owner, action);
  requireReadIfMoved(located, action);
  if (action === 'publish') await requireRoom(registry);
  check();
  await rules?.check(items);
  const missing = request.name ? [missingFrom<M>(project)] : [];
  const holdings = plan ? [plan.holding(items, project)] : missing;
  const access = {
    ...{ format, principal, project, group: undefined, name, selection, namesToTake },
    ...{ holdings, withheld: [] },
  };
  return query ? { ...access, document: { query, items } } : access;
}

async function openShared<M>(
  registry: Registry,
  request: AccessRequest,
  token: Token | undefined,
  located: Located<Group> | undefined,
): Promise<Access<M>> {
  const group = located?.entity;
  const { format, endpoint, action, trace } = request;
  const missing = endpoint.level === 'group' && !group;
  const { name, selection, check } = readAddress(request);
  const query = name === undefined || missing ? undefined : nameQuery(format.id, name, group);
  // Anybody may publish under any name. Versions from unrelated namespaces are never mixed.
  const ownership = query && !group ? planOwnership(format, query.name) : undefined;
  const [items, first] = await Promise.all([
    readItems(registry.table, [...principalKeys(token), ...(ownership?.keys ?? [])]),
    query ? firstHolders(registry, query) : { holders: [], more: false },
  ]);
  const principal = principalOf(token, items, registry.clock.now(), trace);
  if (missing) throw absent(principal, 'groupNotFound', 'missing');
  const access = { format, principal, project: undefined, group, name, selection };
  if (!request.name) return { ...access, holdings: [], withheld: [] };
  const serving =
    query && ownership ? await servingQuery(registry, query, first, ownership.owningRoot(items)) : query;
  const { holdings, withheld, refusal } = serving
    ? await findHoldings<M>(registry, { ...access, action, feature: format.feature, query: serving }, first)
    : { holdings: [], withheld: [], refusal: undefined };
  if (holdings.length === 0) {
    if (trace) trace.reason = missingReason(first, serving);
    await refuseMissing(registry, request, access, refusal);
  } else {
    requireReadIfMoved(located, action);
    if (action === 'publish') await requireRoom(registry);
  }
  if (holdings.length > 0 || name === undefined) check();
  return { ...access, holdings: byTimeHeld(holdings, ({ head }) => head), withheld };
}

/** Only reads are served under a path that a project or group no longer has. */
function requireReadIfMoved(located: Located<Group | Project> | undefined, action: ProjectAction): void {
  if (located?.moved && action !== 'pull' && action !== 'view') throw pathMoved(located.entity);
}

/** Why no project is found, for operators. */
function missingReason({ holders, more }: FirstHolders, serving: NameQuery | undefined): string {
  const [root] = serving?.groups ?? [];
  if (serving && (more || holders.some(({ rootId }) => rootId === root))) return 'hidden';
  return holders.length > 0 ? 'the name belongs to another namespace' : 'missing';
}

/** What the address of a request says. */
interface RequestAddress {
  readonly name: PackageName | undefined;
  readonly selection: Selection;
  readonly announced: Announced | undefined;
  /** Throws if the address is malformed. */
  check(): void;
}

function readAddress({ name, select, announced }: AccessRequest, rest = ''): RequestAddress {
  let parsed: PackageName | undefined;
  try {
    parsed = name?.(rest);
    const selection = parsed === undefined ? undefined : select?.(parsed);
    return { name: parsed, selection: selection ?? {}, announced: announced?.(), check() {} };
  } catch (error) {
    const check = () => {
      throw error;
    };
    return { name: parsed, selection: {}, announced: undefined, check };
  }
}

type Search = Pick<Access, 'principal' | 'selection'> & {
  readonly action: ProjectAction;
  readonly feature: Feature | undefined;
  readonly query: NameQuery;
};

/** The holdings that allow the action, and the others. */
interface FoundHoldings<M> {
  readonly holdings: readonly Holding<M>[];
  readonly withheld: readonly Holding<M>[];
  /** Why the first project that the caller may see does not allow it. */
  readonly refusal: Decision | undefined;
}

/**
 * Reads the projects that hold a name. If these are many and a version is selected, only those that hold the version,
 * unless none of them allows the action.
 */
async function findHoldings<M>(
  registry: Registry,
  search: Search,
  first: FirstHolders,
): Promise<FoundHoldings<M>> {
  const { query, selection } = search;
  if (!first.more) {
    const [root] = query.groups ?? [];
    const holders = first.holders.filter(({ rootId }) => root === undefined || rootId === root);
    return holdingsIn(registry, search, [holders]);
  }
  if (selection.version !== undefined && query.groups !== undefined) {
    const pages = versionHolders(registry, query, selection.version, query.groups);
    const found = await holdingsIn<M>(registry, search, pages);
    if (found.holdings.some(({ version }) => version !== undefined)) return found;
  }
  return holdingsIn(registry, search, holderPages(registry, query));
}

async function holdingsIn<M>(
  registry: Registry,
  search: Search,
  pages: Iterable<readonly NameEntry[]> | AsyncIterable<readonly NameEntry[]>,
): Promise<FoundHoldings<M>> {
  const holdings: Holding<M>[] = [];
  const withheld: Holding<M>[] = [];
  let refusal: Decision | undefined;
  for await (const holders of pages) {
    for (const { holding, decision } of await readHolders<M>(registry, search, holders)) {
      (decision === 'allow' ? holdings : withheld).push(holding);
      if (!['allow', 'hidden', 'unauthenticated'].includes(decision)) refusal ??= decision;
    }
  }
  return { holdings, withheld, refusal };
}

/** Reads the permissions and the holding of each holder. One round trip for up to about a dozen holders. */
async function readHolders<M>(
  { table, clock }: Registry,
  { query, principal, action, feature, selection }: Search,
  holders: readonly NameEntry[],
): Promise<{ readonly holding: Holding<M>; readonly decision: Decision }[]> {
  const userId = principal.kind === 'user' ? principal.user.id : undefined;
  const { format, name } = query;
  const plans = holders.map((entry) => {
    const ref: PackageRef = { projectId: entry.projectId, format, name };
    const projectKey = keys.project(entry.projectId);
    return { entry, projectKey, plan: planHolding<M>(ref, selection) };
  });
  const items = await readItems(
    table,
    plans.flatMap(({ entry: { projectId: id, ancestors }, projectKey, plan }) => [
      projectKey,
      ...rightsKeys({ id, ancestors }, userId),
      ...plan.keys,
    ]),
  );
  return plans.flatMap(({ projectKey, plan }) => {
    const project = items.get<Project>(projectKey);
    if (!project) return [];
    const holding = plan.holding(items, project);
    if (!holding.head) return [];
    const decision = rightsFrom(items, principal, project, clock.now()).decide(action, feature);
    return [{ holding, decision }];
  });
}

/**
 * No accessible project holds the name: throws `unauthenticated` if credentials could help, even if a project that
 * holds the name refuses for another reason; then that refusal; else the same error for missing and hidden groups.
 * Returns if the route may report that nothing was found.
 */
async function refuseMissing(
  registry: Registry,
  { format, action, trace }: AccessRequest,
  { principal, group }: Pick<Access, 'principal' | 'group'>,
  refusal: Decision | undefined,
): Promise<void> {
  const challenged =
    action !== 'pull' || !format.credentialsFirst || (group !== undefined && group.visibility !== 'public');
  if (principal.kind === 'anonymous' && challenged) {
    throw new RegistryError('unauthenticated', undefined, { reason: `${trace?.reason}, no token` });
  }
  if (refusal) requireDecision(refusal);
  if (group) await requireVisibleGroup(registry, principal, group);
}
