import { badRequest } from '../../../domain/errors.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';

/** What the registry has instead of owners of packages, for `npm owner` and `npm access`. */
export const NO_OWNERS =
  'This registry has no owners of packages: the members of a project have roles in it, see ' +
  '/api/v4/projects/:id/members';

/** Why stars are not stored, for `npm star`. */
export const NO_STARS = 'This registry has no stars: there is nothing to change';

const NO_ACCESS =
  'This registry has no access settings of packages: a package is as visible as its project, see "visibility" of ' +
  '/api/v4/projects/:id';
const NO_LISTS =
  'This registry does not list packages by user, team or organization: use "npm search", or ' +
  '/api/v4/projects/:id/packages';
const NO_TEAMS =
  'This registry has no teams and organizations: groups and projects have members with roles, see ' +
  '/api/v4/groups/:id/members';
const NO_NEW_TOKENS =
  'This registry does not make tokens for npm: make one with POST /api/v4/user/personal_access_tokens, or a deploy ' +
  'token for a project';
const NO_REVOKING =
  'This registry does not revoke tokens for npm, except that "npm logout" revokes the token in use: see ' +
  'DELETE /api/v4/personal_access_tokens/:id';
const NO_PROFILE = 'This registry does not let npm change a profile, and has no two-factor authentication';
const NO_HOOKS = 'This registry has no hooks for packages';
const NO_TRUST =
  'This registry has no trusted publishers: publish with a deploy token of the project, see ' +
  '/api/v4/projects/:id/deploy_tokens';
const NO_STAGES = 'This registry does not stage packages: "npm publish" publishes at once';

const all = ['GET', 'POST', 'PUT', 'DELETE'];

/** The addresses of npm's commands that the registry does not support, and what the client shows. */
const unsupported: readonly (readonly [
  methods: readonly string[],
  paths: readonly string[],
  text: string,
])[] = [
  [['POST'], ['/-/package/:name/access'], NO_ACCESS],
  [['GET'], ['/-/package/:name/collaborators', '/-/user/:user'], NO_OWNERS],
  [['GET'], ['/-/org/:scope/package', '/-/user/:user/package', '/-/team/:scope/:team/package'], NO_LISTS],
  [all, ['/-/team/*', '/-/org/*'], NO_TEAMS],
  [['GET'], ['/-/_view/starredByUser'], 'This registry has no stars'],
  [['POST'], ['/-/npm/v1/tokens'], NO_NEW_TOKENS],
  [['DELETE'], ['/-/npm/v1/tokens/token/:key'], NO_REVOKING],
  [['POST'], ['/-/npm/v1/user'], NO_PROFILE],
  [all, ['/-/npm/v1/hooks', '/-/npm/v1/hooks/*'], NO_HOOKS],
  [all, ['/-/package/:name/trust', '/-/package/:name/trust/:id'], NO_TRUST],
  [all, ['/-/stage', '/-/stage/*'], NO_STAGES],
];

/**
 * Answers commands that the registry does not support with a 400 that says what to do instead. A 404 makes npm say that
 * a package could not be found, a 403 that a security policy forbids it, and it repeats requests after a 501. The answer
 * is the same for everyone, and needs no credentials.
 */
export function unsupportedRoutes(app: FormatRoutes): void {
  for (const [methods, paths, text] of unsupported) {
    for (const path of paths) {
      app.on([...methods], path, () => {
        throw badRequest(text);
      });
    }
  }
}
