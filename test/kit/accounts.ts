import { randomBytes } from 'node:crypto';
import { levels, type Scope, type Visibility } from '../../services/domain/access.ts';

/** Where a registry is, and the token of its administrator. */
export interface RegistryAddress {
  readonly url: string;
  readonly rootToken: string;
}

/** A group or project made for a test. */
export interface Owner {
  readonly kind: 'group' | 'project';
  readonly id: number;
  readonly fullPath: string;
}

/** A user made for a test. */
export interface TestUser {
  readonly id: number;
  readonly username: string;
}

/** A token made for a test. Deploy tokens have a user name of their own; for the others any will do. */
export interface TestToken {
  readonly id: number;
  readonly secret: string;
  readonly username: string;
}

/** A new name, which not even an earlier run against the same registry has used. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

/** Makes groups, projects, users and tokens in a registry through its management API, wherever it runs. */
export function accountsOf({ url, rootToken }: RegistryAddress) {
  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${url}/api/v4${path}`, {
      method,
      headers: { 'private-token': rootToken, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} returned ${answer.status}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  const collection = ({ kind, id }: Owner) => `/${kind}s/${id}`;
  const tokenOf = (made: Record<string, unknown>, username: string): TestToken => ({
    id: Number(made.id),
    secret: String(made.token),
    username,
  });

  return {
    call,
    async group(path: string, options: { visibility?: Visibility; parent?: Owner } = {}): Promise<Owner> {
      const { visibility = 'public', parent } = options;
      const made = await call('POST', '/groups', {
        name: path,
        path,
        visibility,
        ...(parent && { parent_id: parent.id }),
      });
      return { kind: 'group', id: Number(made.id), fullPath: String(made.full_path) };
    },
    async project(group: Owner, path: string, visibility: Visibility = 'private'): Promise<Owner> {
      const made = await call('POST', '/projects', { name: path, path, namespace_id: group.id, visibility });
      return { kind: 'project', id: Number(made.id), fullPath: String(made.path_with_namespace) };
    },
    /** Removes a group with everything in it. */
    async remove(group: Owner): Promise<void> {
      const sure = new URLSearchParams({ permanently_remove: 'true', full_path: group.fullPath });
      await call('DELETE', `${collection(group)}?${sure}`);
    },
    /** Makes a user, and a member of `of` at `level` if they are given. */
    async user(member?: { of: Owner; level: number }): Promise<TestUser> {
      const username = freshName('user');
      const made = await call('POST', '/users', {
        username,
        name: username,
        email: `${username}@example.com`,
        force_random_password: true,
        skip_confirmation: true,
      });
      const id = Number(made.id);
      if (member) {
        await call('POST', `${collection(member.of)}/members`, { user_id: id, access_level: member.level });
      }
      return { id, username };
    },
    async personalToken(user: TestUser, scopes: readonly Scope[] = ['api']): Promise<TestToken> {
      const made = await call('POST', `/users/${user.id}/personal_access_tokens`, {
        name: 'test',
        scopes,
        expires_at: daysFromNow(30),
      });
      return tokenOf(made, user.username);
    },
    /** A project or group access token. */
    async accessToken(of: Owner, level: number = levels.developer, scopes: readonly Scope[] = ['api']) {
      const made = await call('POST', `${collection(of)}/access_tokens`, {
        name: 'bot',
        scopes,
        access_level: level,
        expires_at: daysFromNow(30),
      });
      return tokenOf(made, 'bot');
    },
    /** A project or group deploy token. */
    async deployToken(
      of: Owner,
      scopes: readonly Scope[] = ['read_package_registry', 'write_package_registry'],
      expiresAt: Date | null = null,
    ): Promise<TestToken> {
      const made = await call('POST', `${collection(of)}/deploy_tokens`, {
        name: 'deploy',
        scopes,
        ...(expiresAt && { expires_at: expiresAt.toISOString() }),
      });
      return tokenOf(made, String(made.username));
    },
    async revoke(token: TestToken): Promise<void> {
      await call('DELETE', `/personal_access_tokens/${token.id}`);
    },
  };
}

/** What `accountsOf` returns. */
export type Accounts = ReturnType<typeof accountsOf>;

function daysFromNow(days: number): string {
  return new Date(Date.now() + days * 24 * 3600 * 1000).toISOString().slice(0, 10);
}
