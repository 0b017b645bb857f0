import { SettingsError } from '../runtime/server/settings.ts';
import { nearest } from '../shared/text/nearest.ts';
import { VERSION } from '../shared/version.ts';
import { type Command, CommandFailed, type Terminal } from './command.ts';

/** Commands are loaded on demand, so that a server starts without code it does not need. */
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
  backup: {
    summary: 'copy a registry into a directory, while it is served',
    load: async () => (await import('./backup.ts')).backup,
  },
  restore: {
    summary: 'copy a backup into a new data directory',
    load: async () => (await import('./restore.ts')).restore,
  },
  'migrate-storage': {
    summary: 'move all blobs to another storage location',
    load: async () => (await import('./migrate-storage.ts')).migrateStorage,
  },
  doctor: {
    summary: 'check files, records and stored bytes against each other',
    load: async () => (await import('./doctor.ts')).doctor,
  },
};

const usage = `Usage: packhouse <command> [options]
       packhouse --version

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(16)}  ${summary}`)
  .join('\n')}

Run packhouse <command> --help for details.
`;

/**
 * Runs a command line and returns the exit code: 0 for success, 1 if it failed or found problems, 2 for invalid
 * usage.
 */
export async function runCommand(line: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...parameters] = line;
  if (name === '--version' || name === '-v' || name === 'version') {
    terminal.output.write(`packhouse ${VERSION}\n`);
    return 0;
  }
  const entry = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) {
    const isHelp = name === undefined || name === '--help' || name === '-h' || name === 'help';
    if (isHelp) terminal.output.write(usage);
    else terminal.progress.write(`packhouse: ${unknownCommand(name)}\n\n${usage}`);
    return isHelp ? 0 : 2;
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

function unknownCommand(name: string): string {
  const meant = nearest(name, Object.keys(commands));
  return `unknown command ${name}${meant === undefined ? '' : `: did you mean ${meant}?`}`;
}

/** The error message; for unexpected errors, with the stack trace. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof SettingsError || error instanceof CommandFailed;
  return expected || 'code' in error || '$metadata' in error ? error.message : (error.stack ?? error.message);
}
