import { nativeTool, nodeTool, type Tool } from '../../client.ts';
import { type NpmClient, npmrc } from '../npm-client.ts';
import { npm11 } from './npm.ts';

function pnpm(tool: Tool): NpmClient {
  return {
    tool,
    lockfile: 'pnpm-lock.yaml',
    configuration: (setup) => ({ '.npmrc': [...npmrc(setup), 'fetch-retries=0', ''].join('\n') }),
    // Without it, pnpm 11 and later do not install a package that was published today.
    projectFiles: { 'pnpm-workspace.yaml': 'minimumReleaseAge: 0\nfetchRetries: 0\n' },
    add: (...specs) => ['add', ...specs],
    frozen: () => ['install', '--frozen-lockfile'],
    can: {
      publish: (tag) => ['publish', '--no-git-checks', '--tag', tag],
      tagAdd: (name, tag, version) => ['dist-tag', 'add', `${name}@${version}`, tag],
      tagList: (name) => ['dist-tag', 'ls', name],
      tagRemove: (name, tag) => ['dist-tag', 'rm', name, tag],
      deprecate: (spec, reason) => ['deprecate', spec, reason],
      unpublish: (spec, ...force) => ['unpublish', spec, ...force],
      search: (text) => ['search', text],
      view: (spec, ...fields) => ['view', spec, ...fields],
      whoami: () => ['whoami'],
      ping: () => ['ping'],
      audit: () => ['audit'],
    },
    undeprecate: (spec) => ['undeprecate', spec],
    installsPeers: true,
    showsDeprecation: 'without its reason',
    cannot: {},
  };
}

/** pnpm 10, which calls npm for everything but installing. */
export const pnpm10: NpmClient = {
  ...pnpm(nodeTool('pnpm-10', 'pnpm', 'bin/pnpm.cjs')),
  calls: { npm: npm11.tool },
  undeprecate: (spec) => ['deprecate', spec, ''],
  showsDeprecation: 'with its reason',
};
/** pnpm 11, which does everything itself. */
export const pnpm11 = pnpm(nodeTool('pnpm-11', 'pnpm', 'bin/pnpm.mjs'));
/** pnpm 12, a native program. */
export const pnpm12 = pnpm(
  nativeTool(
    'pnpm-12',
    'pnpm',
    ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((name) => `@pnpm/exe.${name}/pnpm`),
  ),
);
