import { describe, expect, test } from 'vitest';
import {
  levels,
  type RegistryAccess,
  registryAccessLevels,
  type Scope,
  type Visibility,
  visibilities,
} from '../../../../services/domain/access.ts';
import {
  type AccessToken,
  anonymous,
  type DeployToken,
  type Group,
  type Principal,
  type Project,
} from '../../../../services/domain/accounts.ts';
import {
  authorizeGroup,
  authorizeProject,
  type Decision,
  type GroupAction,
  type ProjectAction,
} from '../../../../services/registry/access/authorize.ts';
import { named } from '../../../kit/names.ts';

const facts = {
  id: 1,
  name: 'token',
  description: '',
  createdAt: 0,
  expiresAt: null,
  revoked: false,
  lastUsedAt: null,
};

function user(scopes: readonly Scope[] = ['api'], admin = false): Principal {
  const token: AccessToken = { ...facts, kind: 'personal', userId: 7, resourceId: null, scopes };
  return {
    kind: 'user',
    token,
    user: {
      id: 7,
      username: named.path('ann'),
      name: 'Ann',
      email: 'ann@example.com',
      state: 'active',
      admin,
      bot: false,
      namespaceId: 70,
      createdAt: 0,
    },
  };
}

function deploy(kind: DeployToken['kind'], resourceId: number, scopes: readonly Scope[]): Principal {
  return { kind: 'deploy', token: { ...facts, kind, resourceId, username: 'robot', scopes } };
}

/** A project 5 in the group 2, which is in the group 1. */
function project(
  visibility: Visibility,
  registryAccess: RegistryAccess = 'enabled',
  archived = false,
): Project {
  return {
    id: 5,
    name: 'tools',
    path: 'tools',
    fullName: 'Acme / Sub / Tools',
    fullPath: named.path('acme/sub/tools'),
    namespaceId: 2,
    ancestors: [1, 2],
    description: '',
    visibility,
    registryAccess,
    archived,
    creatorId: 1,
    createdAt: 0,
    updatedAt: 0,
  };
}

function group(visibility: Visibility, changes: Partial<Group> = {}): Group {
  return {
    id: 2,
    kind: 'group',
    name: 'Sub',
    path: 'sub',
    fullName: 'Acme / Sub',
    fullPath: named.path('acme/sub'),
    parentId: 1,
    ancestors: [1],
    description: '',
    visibility,
    projectCreationLevel: 'developer',
    subgroupCreationLevel: 'maintainer',
    settings: { duplicates: {} },
    createdAt: 0,
    ...changes,
  };
}

/** The callers: the principal, and the level of its user in the project. */
const callers = {
  anonymous: [anonymous, 0],
  stranger: [user(), levels.none],
  guest: [user(), levels.guest],
  planner: [user(), levels.planner],
  reporter: [user(), levels.reporter],
  developer: [user(), levels.developer],
  maintainer: [user(), levels.maintainer],
  owner: [user(), levels.owner],
  admin: [user(['api'], true), levels.none],
  'deploy: read': [deploy('project-deploy', 5, ['read_package_registry']), 0],
  'deploy: write': [deploy('project-deploy', 5, ['write_package_registry']), 0],
  'deploy: of a group above': [
    deploy('group-deploy', 1, ['read_package_registry', 'write_package_registry']),
    0,
  ],
  'deploy: images only': [deploy('project-deploy', 5, ['read_registry', 'write_registry']), 0],
  'deploy: of another project': [deploy('project-deploy', 6, ['write_package_registry']), 0],
  'deploy: of another group': [deploy('group-deploy', 3, ['write_package_registry']), 0],
} as const satisfies Record<string, readonly [Principal, number]>;

type Caller = keyof typeof callers;
const everyone = Object.keys(callers) as Caller[];
const staff: Caller[] = ['developer', 'maintainer', 'owner', 'admin'];
const insiders: Caller[] = [
  'reporter',
  ...staff,
  'deploy: read',
  'deploy: write',
  'deploy: of a group above',
];

/** The decision for each caller. The first list that contains it counts; callers in no list get `fallback`. */
interface Expected {
  readonly allow: readonly Caller[];
  readonly denied?: readonly Caller[];
  /** Those whose token covers the project but lacks the scope. */
  readonly outOfScope?: readonly Caller[];
  readonly fallback?: Decision;
}

/** The decision for callers without access: anonymous ones may sign in, from others the project is hidden. */
function refusal(caller: Caller): Decision {
  return caller === 'anonymous' ? 'unauthenticated' : 'hidden';
}

function check(expected: Expected, decide: (principal: Principal, level: number) => Decision): void {
  const decisions = everyone.map((caller) => {
    const [principal, level] = callers[caller];
    return [caller, decide(principal, level)];
  });
  const expectedDecisions = everyone.map((caller) => {
    if (expected.allow.includes(caller)) return [caller, 'allow'];
    if (expected.outOfScope?.includes(caller)) return [caller, 'out-of-scope'];
    if (expected.denied?.includes(caller)) return [caller, 'denied'];
    return [caller, expected.fallback ?? refusal(caller)];
  });
  expect(Object.fromEntries(decisions)).toEqual(Object.fromEntries(expectedDecisions));
}

const signedIn: Caller[] = ['stranger', 'guest', 'planner', 'reporter', ...staff];
const identified = everyone.filter((caller) => caller !== 'anonymous');
const without = (all: readonly Caller[], some: readonly Caller[]) =>
  all.filter((each) => !some.includes(each));

describe('pulling', () => {
  const low: Caller[] = ['guest', 'planner'];
  const outOfScope: Caller[] = ['deploy: images only'];
  const table: Record<Visibility, Record<Exclude<RegistryAccess, 'disabled'>, Expected>> = {
    private: {
      private: { allow: insiders, denied: low, outOfScope },
      enabled: { allow: insiders, denied: low, outOfScope },
      public: { allow: everyone },
    },
    internal: {
      private: { allow: insiders, denied: ['stranger', ...low], outOfScope },
      enabled: { allow: [...signedIn, ...insiders], outOfScope },
      public: { allow: everyone },
    },
    public: {
      private: { allow: insiders, denied: without(identified, insiders), outOfScope },
      enabled: { allow: everyone },
      public: { allow: everyone },
    },
  };
  for (const visibility of visibilities) {
    for (const access of registryAccessLevels) {
      if (access === 'disabled') continue;
      test(`depends on the caller: project ${visibility}, packages ${access}`, () => {
        const expected = table[visibility][access];
        check(expected, (principal, level) =>
          authorizeProject('pull', principal, project(visibility, access), level),
        );
      });
    }
  }

  test('is refused like any action if the registry of the project is disabled, even to owners', () => {
    const actions = ['pull', 'publish', 'delete'] as const;
    const insider: Caller[] = ['guest', 'planner', 'deploy: images only', ...insiders];
    const seen: Record<Visibility, readonly Caller[]> = {
      private: insider,
      internal: [...insider, 'stranger'],
      public: everyone,
    };
    for (const visibility of visibilities) {
      for (const action of actions) {
        for (const caller of everyone) {
          const [principal, level] = callers[caller];
          const decision = authorizeProject(action, principal, project(visibility, 'disabled'), level);
          const expected = seen[visibility].includes(caller) ? 'disabled' : refusal(caller);
          expect([visibility, action, caller, decision]).toEqual([visibility, action, caller, expected]);
        }
      }
    }
  });
});

describe('publishing and deleting', () => {
  const rules: readonly [ProjectAction, readonly Caller[], readonly Caller[]][] = [
    [
      'publish',
      [...staff, 'deploy: write', 'deploy: of a group above'],
      ['deploy: read', 'deploy: images only'],
    ],
    ['delete', ['maintainer', 'owner', 'admin'], []],
  ];
  for (const [action, allow, outOfScope] of rules) {
    for (const visibility of visibilities) {
      for (const access of ['private', 'enabled', 'public'] as const) {
        test(`depend on the caller: ${action}, project ${visibility}, packages ${access}`, () => {
          const outsiders: Caller[] = ['stranger', 'deploy: of another project', 'deploy: of another group'];
          const open = visibility === 'public' || access === 'public';
          const unaware: Caller[] = open ? [] : visibility === 'internal' ? outsiders.slice(1) : outsiders;
          const denied = without(identified, [...allow, ...unaware]);
          check({ allow, denied, outOfScope }, (principal, level) =>
            authorizeProject(action, principal, project(visibility, access), level),
          );
        });
      }
    }
  }

  test('are refused in an archived project, which can still be read', () => {
    const archived = project('private', 'enabled', true);
    const decide = (action: ProjectAction) => authorizeProject(action, user(), archived, levels.owner);
    expect((['pull', 'publish', 'delete', 'admin', 'own', 'view'] as const).map(decide)).toEqual([
      'allow',
      'archived',
      'archived',
      'allow',
      'allow',
      'allow',
    ]);
    expect(authorizeProject('publish', user(), archived, levels.reporter)).toBe('denied');
  });
});

describe('a project itself', () => {
  const members: Caller[] = ['guest', 'planner', 'reporter', ...staff];
  const covering: Caller[] = ['deploy: read', 'deploy: write', 'deploy: of a group above'];
  const byVisibility: Record<Visibility, readonly Caller[]> = {
    private: [...members, ...covering],
    internal: ['stranger', ...members, ...covering],
    public: without(everyone, ['deploy: images only']),
  };
  for (const visibility of visibilities) {
    for (const access of registryAccessLevels) {
      test(`can be viewed depending on the caller: project ${visibility}, packages ${access}`, () => {
        check({ allow: [...byVisibility[visibility]] }, (principal, level) => {
          const decision = authorizeProject('view', principal, project(visibility, access), level);
          // Nothing is visible to a token without any scope for packages or the API.
          return decision === 'out-of-scope' ? 'hidden' : decision;
        });
      });
    }
  }

  test.each([
    ['admin', ['maintainer', 'owner', 'admin']],
    ['own', ['owner', 'admin']],
  ] as const)('allows %s only for %j', (action, allow) => {
    const unaware: Caller[] = ['stranger', 'deploy: of another project', 'deploy: of another group'];
    for (const access of registryAccessLevels) {
      check({ allow, denied: without(identified, [...allow, ...unaware]) }, (principal, level) =>
        authorizeProject(action, principal, project('private', access), level),
      );
    }
  });
});

describe("the scope of an owner's token", () => {
  const all: ProjectAction[] = ['view', 'pull', 'publish', 'delete', 'admin', 'own'];
  test.each([
    ['api', all],
    ['read_api', ['view', 'pull']],
    ['read_package_registry', ['view', 'pull']],
    ['write_package_registry', ['view', 'pull', 'publish', 'delete']],
    ['read_registry', []],
    ['read_user', []],
    ['self_rotate', []],
    ['read_virtual_registry', []],
  ] as const)('%s allows %j in a private project', (scope, allowed) => {
    for (const action of all) {
      const expected = (allowed as readonly string[]).includes(action) ? 'allow' : 'out-of-scope';
      const decision = authorizeProject(action, user([scope]), project('private'), levels.owner);
      expect([action, decision]).toEqual([action, expected]);
    }
  });

  test('does not matter for pulling packages that anyone may pull', () => {
    expect(authorizeProject('pull', user(['read_user']), project('public'), levels.none)).toBe('allow');
    expect(authorizeProject('pull', user(['read_user']), project('private', 'public'), levels.none)).toBe(
      'allow',
    );
    expect(authorizeProject('pull', user(['read_user']), project('internal'), levels.none)).toBe(
      'out-of-scope',
    );
  });
});

describe('groups', () => {
  const members: Caller[] = ['guest', 'planner', 'reporter', ...staff];
  test.each([
    ['private', [...members, 'deploy: of a group above']],
    ['internal', ['stranger', ...members, 'deploy: of a group above']],
    ['public', everyone],
  ] as [Visibility, Caller[]][])('can be viewed depending on the caller: %s', (visibility, allow) => {
    check({ allow }, (principal, level) => authorizeGroup('view', principal, group(visibility), level));
  });

  test.each([
    ['create-project', {}, levels.developer],
    ['create-project', { projectCreationLevel: 'maintainer' }, levels.maintainer],
    ['create-project', { projectCreationLevel: 'owner' }, levels.owner],
    ['create-project', { projectCreationLevel: 'administrator' }, levels.admin],
    ['create-project', { projectCreationLevel: 'noone' }, levels.admin],
    ['create-subgroup', {}, levels.maintainer],
    ['create-subgroup', { subgroupCreationLevel: 'owner' }, levels.owner],
    ['own', {}, levels.owner],
  ] as [GroupAction, Partial<Group>, number][])(
    'allow %s with %j from level %i',
    (action, changes, needed) => {
      for (const level of [0, 10, 15, 20, 30, 40, 50]) {
        const decision = authorizeGroup(action, user(), group('private', changes), level);
        const expected = level >= needed ? 'allow' : level === 0 ? 'hidden' : 'denied';
        expect([level, decision]).toEqual([level, expected]);
      }
      expect(authorizeGroup(action, user(['api'], true), group('private', changes), 0)).toBe('allow');
      expect(authorizeGroup(action, user(['read_api']), group('private', changes), levels.admin)).toBe(
        'out-of-scope',
      );
      expect(authorizeGroup(action, anonymous, group('public', changes), 0)).toBe('unauthenticated');
    },
  );
});
