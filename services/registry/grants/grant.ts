/**
 * Grants: what some clients exchange their tokens for before they send requests. A grant names the token that it was made
 * with and what it may be used for, for a few minutes. It adds nothing to what the token may do at the time of a request.
 */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { ProjectAction } from '../access/authorize.ts';
import type { Registry } from '../context.ts';

/** How long grants are valid, in seconds, as in GitLab. */
const LIFETIME = 300;

/** How far the clocks of processes may differ, in seconds. A grant may count that much longer. */
const TOLERANCE = 60;

/** The longest grant, in characters; with its header, an HTTP API allows 10 KB. */
const MAX_LENGTH = 8000;

/** The audience of grants: the whole instance. */
const AUDIENCE = 'registry';

/** Actions in grants, as clients name them. */
export const grantedActions = ['pull', 'push', 'delete'] as const;
/** See `grantedActions`. */
export type GrantedAction = (typeof grantedActions)[number];

/** Something that a grant may be used for. */
export interface GrantedAccess {
  /** The path by which clients request it. */
  readonly path: string;
  readonly actions: readonly GrantedAction[];
}

/** An opened grant. */
export interface Grant {
  /** The digest of the secret of its token; undefined for an anonymous one. */
  readonly tokenSha256: string | undefined;
  readonly access: readonly GrantedAccess[];
  /** Whether it is for the list of all packages. */
  readonly catalog: boolean;
}

/** A grant to send to a client. Times in seconds. */
export interface IssuedGrant {
  readonly jwt: string;
  readonly issuedAt: number;
  readonly expiresIn: number;
}

/** Issues a grant. */
export async function issueGrant(
  { signer, clock, settings }: Registry,
  input: {
    readonly token: { readonly sha256: string; readonly username: string } | undefined;
    readonly access: readonly GrantedAccess[];
    readonly catalog: boolean;
  },
): Promise<IssuedGrant> {
  const { SignJWT } = await import('jose');
  const { id, privateKey } = await signer.tokenKey();
  const issuedAt = Math.floor(clock.now() / 1000);
  const access: Claim[] = [
    ...input.access.map(({ path, actions }) => ({ type: 'repository', name: path, actions })),
    ...(input.catalog ? [CATALOG] : []),
  ];
  const jwt = await new SignJWT({ access, ...(input.token && { token: input.token.sha256 }) })
    .setProtectedHeader({ alg: 'ES256', kid: id, typ: 'JWT' })
    .setIssuer(settings.url)
    .setAudience(AUDIENCE)
    .setSubject(input.token?.username ?? '')
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME)
    .setJti(randomUUID())
    .sign(privateKey);
  return { jwt, issuedAt, expiresIn: LIFETIME };
}

/** Whether a secret has the form of a grant, which no token has. */
export function isGrant(secret: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(secret);
}

/**
 * Opens a grant.
 * @throws RegistryError `invalidGrant` if it is forged, of another instance or expired
 */
export async function openGrant({ signer, clock, settings }: Registry, jwt: string): Promise<Grant> {
  if (jwt.length > MAX_LENGTH) throw invalid('too long');
  const { decodeProtectedHeader, errors, jwtVerify } = await import('jose');
  try {
    const { kid = '' } = decodeProtectedHeader(jwt);
    const key = await signer.publicTokenKey(kid);
    if (!key) throw invalid('unknown key');
    const { payload } = await jwtVerify(jwt, key, {
      algorithms: ['ES256'],
      issuer: settings.url,
      audience: AUDIENCE,
      clockTolerance: TOLERANCE,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    });
    const { token, access } = payload as { readonly token?: string; readonly access: readonly Claim[] };
    const repositories = access.filter(({ type }) => type === 'repository');
    return {
      tokenSha256: token,
      access: repositories.map(({ name, actions }) => ({ path: name, actions })),
      catalog: repositories.length < access.length,
    };
  } catch (error) {
    // `decodeProtectedHeader` throws a TypeError. A failure of the storage is not the client's.
    const isMalformed = error instanceof errors.JOSEError || error instanceof TypeError;
    throw isMalformed ? invalid(error.message) : error;
  }
}

/** An entry of the claim `access`, as Docker defined it. */
interface Claim {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly GrantedAction[];
}

const CATALOG: Claim = { type: 'registry', name: 'catalog', actions: [] };

function invalid(reason: string): RegistryError {
  return new RegistryError('invalidGrant', undefined, { reason: `grant: ${reason}` });
}

/** What a request may do by an action of its grant. */
export const projectActions: Readonly<Record<GrantedAction, ProjectAction>> = {
  pull: 'pull',
  push: 'publish',
  delete: 'delete',
};

/**
 * Requires that a grant covers a request, which its token allows. Without a grant, nothing is required.
 * @throws RegistryError `notGranted`
 */
export function requireGranted(grant: Grant | undefined, path: string, action: ProjectAction): void {
  if (!isGranted(grant, path, action)) {
    throw new RegistryError('notGranted', undefined, { reason: 'not in the grant' });
  }
}

/** Whether a grant covers an action on a path. Without a grant, everything is covered. */
export function isGranted(grant: Grant | undefined, path: string, action: ProjectAction): boolean {
  if (!grant) return true;
  return grant.access.some(
    (each) =>
      each.path.toLowerCase() === path.toLowerCase() &&
      each.actions.some((granted) => projectActions[granted] === action),
  );
}

/** The name of a caller, for people who read a grant. */
export function subjectOf(principal: Exclude<Principal, { kind: 'anonymous' }>): string {
  return principal.kind === 'user' ? principal.user.username : principal.token.username;
}
