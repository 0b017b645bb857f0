import type { FormatId } from '../../services/catalog.ts';
import { formatUis } from '../../services/formats/ui-list.ts';
import { type RegistryEndpoint, type Snippet, snippetsFor } from '../../services/http/format/format-ui.ts';
import type { Owner } from '../kit/accounts.ts';
import type { Ran } from '../kit/run-program.ts';
import type { Workspace } from './client.ts';
import type { Playground } from './playground.ts';

/** The snippets shown to users of a client who publish to a group or project of the playground or install from it. */
export function shown(
  ground: Playground,
  format: FormatId,
  request: {
    readonly client: string;
    readonly steps: readonly Snippet['step'][];
    readonly name: string;
    readonly version: string;
    readonly owner?: Owner | undefined;
  },
): readonly Snippet[] {
  const { owner: at, client, steps } = request;
  const endpoint: RegistryEndpoint = {
    url: ground.url,
    level: at?.kind ?? 'instance',
    owner: at?.fullPath ?? '',
  };
  return snippetsFor(formatUis[format], endpoint, request).filter(
    (snippet) => snippet.client === client && steps.includes(snippet.step),
  );
}

/** Options of `paste`. */
export interface PasteOptions {
  readonly secret: string;
  /** Makes the content of a file from the pasted parts, by the name of the file. */
  readonly around?: Readonly<Record<string, (parts: string) => string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The command that users run next, in the same terminal. */
  readonly next?: string;
}

/** Pastes snippets: the parts of files into those files, and the lines for a terminal, one after the other, into a shell. */
export async function paste(
  space: Workspace,
  snippets: readonly Snippet[],
  { secret, around = {}, env = {}, next = '' }: PasteOptions,
): Promise<Ran> {
  for (const file of new Set(snippets.flatMap((snippet) => snippet.file ?? []))) {
    const parts = snippets.filter((snippet) => snippet.file === file).map(({ text }) => `${text}\n`);
    const content = (around[file] ?? String)(parts.join(''));
    if (file.startsWith('~/')) await space.write(file.slice(2), content, 'home');
    else await space.write(file, content);
  }
  const lines = snippets.filter(({ file }) => file === undefined).map(({ text }) => text);
  const script = ['set -e', ...lines, next].join('\n');
  return space.run(['bash', '-c', script], { env: { ...env, PACKHOUSE_TOKEN: secret }, timeoutMs: 170_000 });
}

/** How users of pasted lines reach a registry: the address that they know it by, and the settings of their network. */
export interface Reached {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
}
