import { nodeTool } from '../../client.ts';
import { type NpmClient, npmrc } from '../npm-client.ts';

function npm(major: number): NpmClient {
  return {
    tool: nodeTool(`npm-${major}`, 'npm', 'bin/npm-cli.js'),
    lockfile: 'package-lock.json',
    configuration: (setup) => ({
      '.npmrc': [...npmrc(setup), 'fund=false', 'update-notifier=false', 'fetch-retries=0', ''].join('\n'),
    }),
    add: (...specs) => ['install', ...specs],
    frozen: () => ['ci'],
    can: {
      publish: (tag) => ['publish', '--tag', tag],
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
    installsPeers: true,
    showsDeprecation: 'with its reason',
    cannot: {},
  };
}

/** npm, as it ships with Node, and its newer and older generations. */
export const npm10 = npm(10);
/** See `npm10`. */
export const npm11 = npm(11);
/** See `npm10`. */
export const npm12 = npm(12);
