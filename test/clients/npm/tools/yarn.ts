import { nodeTool } from '../../client.ts';
import { type NpmClient, type NpmSetup, nowhere, withSlash } from '../npm-client.ts';

/** Yarn 4. */
export const yarn: NpmClient = {
  tool: nodeTool('yarn-4', '@yarnpkg/cli-dist', 'bin/yarn.js'),
  lockfile: 'yarn.lock',
  configuration: (setup) => ({ '.yarnrc.yml': rc(setup) }),
  // An empty lock file makes a folder a project of its own.
  projectFiles: { 'yarn.lock': '' },
  add: (...specs) => ['add', ...specs],
  frozen: () => ['install', '--immutable'],
  beforePublish: () => ['install'],
  can: {
    publish: (tag) => ['npm', 'publish', '--tag', tag],
    tagAdd: (name, tag, version) => ['npm', 'tag', 'add', `${name}@${version}`, tag],
    tagList: (name) => ['npm', 'tag', 'list', name],
    tagRemove: (name, tag) => ['npm', 'tag', 'remove', name, tag],
    view: (spec) => ['npm', 'info', spec],
    whoami: () => ['npm', 'whoami', '--publish'],
    audit: () => ['npm', 'audit', '--all', '--recursive'],
  },
  installsPeers: false,
  showsDeprecation: 'in its audit',
  cannot: {
    deprecate: 'Yarn 4 has no such command',
    unpublish: 'Yarn 4 has no such command',
    search: 'Yarn 4 uses a search service of its own',
    ping: 'Yarn 4 has no such command',
  },
};

function rc({ registry, scope, token, carrier = 'bearer' }: NpmSetup): string {
  const server = withSlash(registry);
  const credential = token && {
    npmAlwaysAuth: true,
    ...(carrier === 'bearer'
      ? { npmAuthToken: token.secret }
      : { npmAuthIdent: `${token.username}:${token.secret}` }),
  };
  // With a higher gate, Yarn does not install a package that was published today.
  const settings = { npmRegistryServer: server, npmMinimalAgeGate: 0, ...credential };
  const shared = {
    enableTelemetry: false,
    nodeLinker: 'node-modules',
    unsafeHttpWhitelist: ['127.0.0.1'],
    enableProgressBars: false,
  };
  const all = scope
    ? { ...shared, npmRegistryServer: nowhere, npmScopes: { [scope.slice(1)]: settings } }
    : { ...shared, ...settings };
  // JSON is valid YAML.
  return `${JSON.stringify(all, null, 2)}\n`;
}
