import { type CatalogEntry, catalog } from '../catalog.ts';
import { formatUis } from '../formats/ui-list.ts';
import { type RegistryEndpoint, type Snippet, snippetsFor } from '../http/format/format-ui.ts';
import { addressOf } from '../runtime/server/address-of.ts';
import { type Name, readSettings, SettingsError } from '../runtime/server/settings.ts';
import { type Command, ownFlags } from './command.ts';

const options = {
  project: { type: 'string' },
  group: { type: 'string' },
  package: { type: 'string' },
  version: { type: 'string' },
  client: { type: 'string' },
} as const;

const addressSettings: readonly Name[] = ['url', 'host', 'port'];

/** Hosts that a server listens on for every address of its machine. */
const anywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

const titles = { setup: 'Set up', publish: 'Publish', install: 'Install' } as const;

/** `packhouse setup` */
export const setup: Command = {
  usage: `Usage: packhouse setup <format> [options]

Prints what to paste to publish packages to a project and to install them from a
project, a group or, when none is named, the whole registry.

  <format>                 ${catalog.map(({ id }) => id).join(', ')}
  --project <path or id>   publish to this project, and install from it
  --group <path or id>     install from the projects of this group
  --package <name>         a package to install
  --version <version>      and its version
  --client <name>          only what this client needs
  --url <address>          where the registry is (PACKHOUSE_URL; http://127.0.0.1:8080)
`,

  async run(parameters, { environment, output }) {
    const { own, settings: rest } = ownFlags(parameters, options);
    const [format, ...flags] = rest;
    const { url, host, port } = readSettings(flags, environment, addressSettings);
    const { id, title } = entryOf(format);
    const endpoint = endpointOf(own, url ?? addressOf(anywhere.has(host) ? '127.0.0.1' : host, port));
    const { example } = formatUis[id];
    const subject = { name: own.package ?? example.name, version: own.version ?? example.version };
    const snippets = snippetsFor(formatUis[id], endpoint, subject);
    const clients = [...new Set(snippets.map(({ client }) => client))];
    const wanted = clients.filter((client) => client.toLowerCase() === (own.client ?? client).toLowerCase());
    if (wanted.length === 0) throw new SettingsError(`--client is one of ${clients.join(', ')}`);
    output.write(instructions(`${title} packages ${described(endpoint)}`, wanted, snippets));
    return 0;
  },
};

function entryOf(format: string | undefined): Extract<(typeof catalog)[number], CatalogEntry> {
  const entry = catalog.find(({ id }) => id === format);
  if (!entry) throw new SettingsError(`name a format: ${catalog.map(({ id }) => id).join(', ')}`);
  return entry;
}

function endpointOf(
  { project, group }: { readonly project?: string; readonly group?: string },
  url: string,
): RegistryEndpoint {
  if (project !== undefined && group !== undefined) {
    throw new SettingsError('give --project or --group, not both');
  }
  if (project !== undefined) return { url, level: 'project', owner: project };
  return group === undefined ? { url, level: 'instance', owner: '' } : { url, level: 'group', owner: group };
}

function described({ url, level, owner }: RegistryEndpoint): string {
  return level === 'instance' ? `at ${url}` : `of the ${level} ${owner} at ${url}`;
}

function instructions(title: string, clients: readonly string[], snippets: readonly Snippet[]): string {
  const parts = clients.map((client) => {
    const own = snippets.filter((snippet) => snippet.client === client);
    return [`${client}\n${'-'.repeat(client.length)}`, ...own.map(snippetText)].join('\n\n');
  });
  const named = parts.some((part) => part.includes('__token__'))
    ? ' Any user name goes with it, but with a deploy token its own,\nwhich then replaces __token__ below.'
    : '';
  const token = `The token is read from a variable.${named}\n\n    export PACKHOUSE_TOKEN=<your token>`;
  return `${[`${title}\n${'='.repeat(title.length)}`, token, ...parts].join('\n\n')}\n`;
}

function snippetText({ step, file, text }: Snippet): string {
  const where = file === undefined ? '' : ` (in ${file})`;
  return `${titles[step]}${where}:\n\n${text.replaceAll(/^/gm, '    ')}`;
}
