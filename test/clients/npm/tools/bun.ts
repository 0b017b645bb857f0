import { nativeTool } from '../../client.ts';
import { type NpmClient, type NpmSetup, nowhere, withSlash } from '../npm-client.ts';

const platforms = ['linux-x64', 'linux-x64-baseline', 'linux-aarch64', 'darwin-x64', 'darwin-aarch64'];

/** Bun. */
export const bun: NpmClient = {
  tool: nativeTool(
    'bun',
    'bun',
    platforms.map((platform) => `@oven/bun-${platform}/bin/bun`),
  ),
  lockfile: 'bun.lock',
  configuration: (setup) => ({ '.bunfig.toml': bunfig(setup) }),
  add: (...specs) => ['add', ...specs],
  frozen: () => ['install', '--frozen-lockfile'],
  can: {
    publish: (tag) => ['publish', '--tag', tag],
    view: (spec, ...fields) => ['info', spec, ...fields],
    whoami: () => ['pm', 'whoami'],
    audit: () => ['audit'],
  },
  installsPeers: true,
  showsDeprecation: 'with its reason',
  cannot: {
    tagAdd: 'Bun has no such command',
    tagList: 'Bun has no such command',
    tagRemove: 'Bun has no such command',
    deprecate: 'Bun has no such command',
    unpublish: 'Bun has no such command',
    search: 'Bun has no such command',
    ping: 'Bun has no such command',
  },
};

function bunfig({ registry, scope, token, carrier = 'bearer' }: NpmSetup): string {
  const credential =
    token &&
    (carrier === 'bearer'
      ? `, token = "${token.secret}"`
      : `, username = "${token.username}", password = "${token.secret}"`);
  const table = `{ url = "${withSlash(registry)}"${credential ?? ''} }`;
  const registries = scope
    ? [`registry = "${nowhere}"`, '[install.scopes]', `"${scope}" = ${table}`]
    : [`registry = ${table}`];
  return ['telemetry = false', '[install]', ...registries, ''].join('\n');
}
