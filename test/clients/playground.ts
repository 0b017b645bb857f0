import { levels } from '../../services/domain/access.ts';
import {
  type Accounts,
  accountsOf,
  freshName,
  type Owner,
  type RegistryAddress,
  type TestToken,
} from '../kit/accounts.ts';

/** The kinds of token that may publish and install, by the name GitLab's users know. */
export const tokenKinds = [
  'personal',
  'project access',
  'group access',
  'project deploy',
  'group deploy',
] as const;
/** See `tokenKinds`. */
export type TokenKind = (typeof tokenKinds)[number];

/** A public group with a public and a private project, and tokens of every kind for the private one. */
export interface Playground {
  readonly url: string;
  readonly rootToken: string;
  readonly accounts: Accounts;
  readonly group: Owner;
  /** A group in `group`, so that paths have more than one slash. */
  readonly subgroup: Owner;
  readonly openProject: Owner;
  /** The private project, in `subgroup`. */
  readonly project: Owner;
  readonly tokens: Readonly<Record<TokenKind, TestToken>>;
  /** A personal token of a Maintainer of the group, who may delete. */
  readonly maintainer: TestToken;
  /** A deploy token that may only read. */
  readonly readOnly: TestToken;
  /** A token of the private project that expired yesterday. */
  readonly expired: TestToken;
  /** The address of a format's endpoints at the level of their owner; without one, at the instance level. */
  endpoint(format: string, owner?: Owner): string;
  /** Deletes a package from the private project by the management API, for clients that have no command for it. */
  deletePackage(name: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes a playground in a registry. Everything it makes has a new name, so playgrounds never conflict. */
export async function openPlayground({ url, rootToken }: RegistryAddress): Promise<Playground> {
  const accounts = accountsOf({ url, rootToken });
  const group = await accounts.group(freshName('clients'));
  const subgroup = await accounts.group('team', { parent: group });
  const openProject = await accounts.project(group, 'open', 'public');
  const project = await accounts.project(subgroup, 'closed', 'private');
  const developer = await accounts.user({ of: group, level: levels.developer });
  const maintainer = await accounts.user({ of: group, level: levels.maintainer });
  return {
    url,
    rootToken,
    accounts,
    group,
    subgroup,
    openProject,
    project,
    tokens: {
      personal: await accounts.personalToken(developer),
      'project access': await accounts.accessToken(project),
      'group access': await accounts.accessToken(group),
      'project deploy': await accounts.deployToken(project),
      'group deploy': await accounts.deployToken(group),
    },
    maintainer: await accounts.personalToken(maintainer),
    readOnly: await accounts.deployToken(project, ['read_package_registry']),
    expired: await accounts.deployToken(project, undefined, new Date(Date.now() - 24 * 3600 * 1000)),
    endpoint(format, owner) {
      if (!owner) return `${url}/api/v4/packages/${format}`;
      const path = encodeURIComponent(owner.fullPath);
      const collection = owner.kind === 'group' ? `groups/${path}/-` : `projects/${path}`;
      return `${url}/api/v4/${collection}/packages/${format}`;
    },
    async deletePackage(name) {
      const packages = `/projects/${project.id}/packages`;
      const found = await accounts.call('GET', `${packages}?package_name=${encodeURIComponent(name)}`);
      const named = (found as unknown as { id: number; name: string }[]).filter((each) => each.name === name);
      if (named.length === 0) throw new Error(`there is no package ${name}`);
      for (const { id } of named) await accounts.call('DELETE', `${packages}/${id}`);
    },
    remove: () => accounts.remove(group),
  };
}

/** Where the packages of the private project can be installed from: its own level, and those above it. */
export function levelsOf(ground: Playground): readonly (readonly [string, Owner | undefined])[] {
  return [
    ['project', ground.project],
    ['subgroup', ground.subgroup],
    ['group', ground.group],
    ['instance', undefined],
  ];
}
