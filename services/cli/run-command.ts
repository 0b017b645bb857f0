import { SettingsError } from '../runtime/server/settings.ts';
import { type Command, CommandFailed, type Terminal } from './command.ts';

/** A command is loaded only when it is asked for: a server should not wait for what it does not need. */
interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'serve a package registry from this machine',
    load: async () => (await import('./serve.ts')).serve,
  },
  setup: {
    summary: 'show how to publish and install packages of a format',
    load: async () => (await import('./setup.ts')).setup,
  },
  'migrate-storage': {
    summary: 'move all blobs to another place',
    load: async () => (await import('./migrate-storage.ts')).migrateStorage,
  },
  doctor: {
    summary: 'check files, records and stored bytes against each other',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};

const usage = `Usage: packhouse <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(16)}  ${summary}`)
  .join('\n')}

packhouse <command> --help tells more.
`;

/** Runs what a command line asks for and answers the exit code: 0, 1 when it failed or found fault, 2 for a wrong line. */
export async function runCommand(line: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...parameters] = line;
  const entry = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) {
    const asked = name === undefined || name === '--help' || name === '-h' || name === 'help';
    if (asked) terminal.output.write(usage);
    else terminal.progress.write(`packhouse: there is no command ${name}\n\n${usage}`);
    return asked ? 0 : 2;
  }
  try {
    const command = await entry.load();
    if (parameters.includes('--help') || parameters.includes('-h')) {
      terminal.output.write(command.usage);
      return 0;
    }
    return await command.run(parameters, terminal);
  } catch (error) {
    terminal.progress.write(`packhouse: ${textOf(error)}\n`);
    return error instanceof SettingsError ? 2 : 1;
  }
}

/** What went wrong; where it is nobody's fault but ours, with where it happened. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = error instanceof SettingsError || error instanceof CommandFailed;
  return known || 'code' in error || '$metadata' in error ? error.message : (error.stack ?? error.message);
}
