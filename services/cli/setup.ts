import { type CatalogEntry, catalog } from '../catalog.ts';
import { formatUis } from '../formats/ui-list.ts';
import { type RegistryEndpoint, type Snippet, snippetsFor } from '../http/format/format-ui.ts';
import { SettingsError } from '../runtime/server/settings.ts';
import { type Command, ownFlags } from './command.ts';
import { registryUrl } from './connection.ts';

const options = {
  project: { type: 'string' },
  group: { type: 'string' },
  package: { type: 'string' },
  version: { type: 'string' },
  client: { type: 'string' },
} as const;

const titles = { setup: 'Set up', publish: 'Publish', install: 'Install' } as const;

/** `packhouse setup` */
export const setup: Command = {
  usage: `Usage: packhouse setup <format> [options]

Prints configuration and commands to publish packages to a project and to
install them from a project, a group or, with neither, the whole registry.

  <format>                 ${catalog.map(({ id }) => id).join(', ')}
  --project <path or id>   publish to this project, and install from it
  --group <path or id>     install from the projects of this group
  --package <name>         a package to install
  --version <version>      the version to install
  --client <name>          only print the setup of this client
  --url <address>          the URL of the registry (or PACKHOUSE_URL; by default
                           http://127.0.0.1:8080)
`,

  async run(parameters, { environment, output }) {
    const { own, settings: rest } = ownFlags(parameters, options);
    const [format, ...flags] = rest;
    const url = registryUrl(flags, environment);
    const { id, title } = entryOf(format);
    const endpoint = endpointOf(own, url);
    const { example } = formatUis[id];
    const subject = { name: own.package ?? example.name, version: own.version ?? example.version };
    const snippets = snippetsFor(formatUis[id], endpoint, subject);
    const clients = [...new Set(snippets.map(({ client }) => client))];
    const selected = clients.filter(
      (client) => client.toLowerCase() === (own.client ?? client).toLowerCase(),
    );
    if (selected.length === 0) throw new SettingsError(`--client must be one of ${clients.join(', ')}`);
    output.write(instructions(`${title} packages ${describe(endpoint)}`, selected, snippets));
    return 0;
  },
};

function entryOf(format: string | undefined): Extract<(typeof catalog)[number], CatalogEntry> {
  const entry = catalog.find(({ id }) => id === format);
  if (!entry) throw new SettingsError(`the format must be one of ${catalog.map(({ id }) => id).join(', ')}`);
  return entry;
}

function endpointOf(
  { project, group }: { readonly project?: string; readonly group?: string },
  url: string,
): RegistryEndpoint {
  if (project !== undefined && group !== undefined) {
    throw new SettingsError('use --project or --group, not both');
  }
  if (project !== undefined) return { url, level: 'project', owner: project };
  return group === undefined ? { url, level: 'instance', owner: '' } : { url, level: 'group', owner: group };
}

function describe({ url, level, owner }: RegistryEndpoint): string {
  return level === 'instance' ? `at ${url}` : `of the ${level} ${owner} at ${url}`;
}

function instructions(title: string, clients: readonly string[], snippets: readonly Snippet[]): string {
  const parts = clients.map((client) => {
    const own = snippets.filter((snippet) => snippet.client === client);
    return [`${client}\n${'-'.repeat(client.length)}`, ...own.map(snippetText)].join('\n\n');
  });
  const named = parts.some((part) => part.includes('__token__'))
    ? '\nAny user name works with it, except for a deploy token: replace __token__ below\nwith its user name.'
    : '';
  const token = `The token is read from an environment variable.${named}\n\n    export PACKHOUSE_TOKEN=<your token>`;
  return `${[`${title}\n${'='.repeat(title.length)}`, token, ...parts].join('\n\n')}\n`;
}

function snippetText({ step, file, text, note }: Snippet): string {
  const where = file === undefined ? '' : ` (in ${file})`;
  const explained = note === undefined ? '' : `\n\n${wrapped(note)}`;
  return `${titles[step]}${where}:${explained}\n\n${text.replaceAll(/^(?=.)/gm, '    ')}`;
}

/** Breaks text into lines of at most 80 characters. */
function wrapped(text: string): string {
  return text.replaceAll(/(?<line>.{1,80})(?: |$)/g, '$<line>\n').trimEnd();
}
