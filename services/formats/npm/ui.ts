import {
  endpointUrl,
  type FormatUi,
  isInsecure,
  type RegistryEndpoint,
} from '../../http/format/format-ui.ts';
import { scopeOf } from './names.ts';

/** Setup, publish and install instructions for npm packages. */
export const ui: FormatUi = {
  example: { name: '@acme/widget', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const registry = `${endpointUrl(endpoint, 'npm')}/`;
    const scope = scopeOf(name);
    const spec = `${name}@${version}`;
    const npmrc = [
      `${scope === undefined ? '' : `@${scope}:`}registry=${registry}`,
      `${registry.replace(/^https?:/, '')}:_authToken=\${PACKHOUSE_TOKEN}`,
    ].join('\n');
    const note = scope === undefined ? { note: onlyHere } : {};
    const own = scope === undefined ? name : `@${scope}/*`;
    return [
      { step: 'setup', client: 'npm', file: '.npmrc', text: npmrc, ...note },
      { step: 'setup', client: 'pnpm', file: '~/.npmrc', text: npmrc, ...note },
      {
        step: 'setup',
        client: 'pnpm',
        file: 'pnpm-workspace.yaml',
        text: `minimumReleaseAgeExclude:\n  - "${own}"`,
        note: 'pnpm 11 and later install a version only when it is a day old, except for these packages.',
      },
      {
        step: 'setup',
        client: 'Yarn',
        file: '.yarnrc.yml',
        text: yarnrc(registry, scope, endpoint),
        ...note,
      },
      {
        step: 'setup',
        client: 'Yarn',
        file: '.yarnrc.yml',
        text: `npmPreapprovedPackages:\n  - "${own}"`,
        note: 'Yarn 4.10 and later hold young versions back, except for these packages. Earlier releases do not know the setting: leave it out.',
      },
      { step: 'setup', client: 'Bun', file: 'bunfig.toml', text: bunfig(registry, scope), ...note },
      { step: 'publish', client: 'npm', text: 'npm publish' },
      { step: 'publish', client: 'pnpm', text: 'pnpm publish' },
      // Yarn publishes only a project that it has installed.
      { step: 'publish', client: 'Yarn', text: 'yarn install\nyarn npm publish' },
      { step: 'publish', client: 'Bun', text: 'bun publish' },
      { step: 'install', client: 'npm', text: `npm install ${spec}` },
      { step: 'install', client: 'pnpm', text: `pnpm add ${spec}` },
      { step: 'install', client: 'Yarn', text: `yarn add ${spec}` },
      { step: 'install', client: 'Bun', text: `bun add ${spec}` },
    ];
  },
};

/** The names of packages without a scope do not tell which registry they come from. */
const onlyHere =
  'All packages then come from here, and those of the public registry (npmjs.org) are not found. To use both, give your packages a scope: only the names of the scope come from here then.';

function yarnrc(registry: string, scope: string | undefined, endpoint: RegistryEndpoint): string {
  const lines = [
    `npmRegistryServer: "${registry}"`,
    // Without it, Yarn publishes scoped packages to the public registry.
    ...(endpoint.level === 'project' ? [`npmPublishRegistry: "${registry}"`] : []),
    // With the dash, Yarn works without the variable where it needs no package.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Yarn expands it.
    'npmAuthToken: "${PACKHOUSE_TOKEN-}"',
    'npmAlwaysAuth: true',
  ];
  const scoped =
    scope === undefined ? lines : ['npmScopes:', `  ${scope}:`, ...lines.map((line) => `    ${line}`)];
  const allowed = isInsecure(endpoint) ? [`unsafeHttpWhitelist: ["${new URL(registry).hostname}"]`] : [];
  return [...scoped, ...allowed].join('\n');
}

function bunfig(registry: string, scope: string | undefined): string {
  const address = `{ url = "${registry}", token = "$PACKHOUSE_TOKEN" }`;
  return scope === undefined
    ? `[install]\nregistry = ${address}`
    : `[install.scopes]\n"${scope}" = ${address}`;
}
