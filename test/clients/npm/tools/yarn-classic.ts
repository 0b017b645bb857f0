import { nodeTool } from '../../client.ts';
import { type NpmClient, npmrc } from '../npm-client.ts';

/** Yarn 1. */
export const yarnClassic: NpmClient = {
  tool: nodeTool('yarn-1', 'yarn', 'bin/yarn.js'),
  lockfile: 'yarn.lock',
  // Without always-auth it does not send the token for packages without a scope.
  configuration: (setup) => ({ '.npmrc': [...npmrc(setup), 'always-auth=true', ''].join('\n') }),
  add: (...specs) => ['add', '--non-interactive', ...specs],
  frozen: () => ['install', '--non-interactive', '--frozen-lockfile'],
  can: {
    publish: (tag) => ['publish', '--non-interactive', '--no-git-tag-version', '--tag', tag],
    tagAdd: (name, tag, version) => ['tag', 'add', `${name}@${version}`, tag],
    tagList: (name) => ['tag', 'list', name],
    tagRemove: (name, tag) => ['tag', 'remove', name, tag],
    view: (spec, ...fields) => ['info', spec, ...fields],
  },
  installsPeers: false,
  showsDeprecation: 'with its reason',
  cannot: {
    audit: 'Yarn 1 audits at an address of its own, whatever the registry is',
    deprecate: 'Yarn 1 has no such command',
    unpublish: 'Yarn 1 has no such command',
    search: 'Yarn 1 has no such command',
    whoami: 'Yarn 1 has no such command',
    ping: 'Yarn 1 has no such command',
  },
};
