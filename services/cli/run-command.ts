import { SettingsError } from '../runtime/server/settings.ts';
import { nearest } from '../shared/text/nearest.ts';
import { VERSION } from '../shared/version.ts';
import { type Command, CommandFailed, type CommandGroup, type Terminal } from './command.ts';

/** Commands are loaded on demand, so that a server starts without code it does not need. */
interface Entry {
  readonly summary: string;
  load(): Promise<Command | CommandGroup>;
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
  user: {
    summary: 'create and list users',
    load: async () => (await import('./accounts/user.ts')).user,
  },
  group: {
    summary: 'create and list groups',
    load: async () => (await import('./accounts/group.ts')).group,
  },
  project: {
    summary: 'create and list projects',
    load: async () => (await import('./accounts/project.ts')).project,
  },
  member: {
    summary: 'add and list members of groups and projects',
    load: async () => (await import('./accounts/member.ts')).member,
  },
  token: {
    summary: 'create and list tokens',
    load: async () => (await import('./accounts/token.ts')).token,
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
    if (!isHelp) return refuse(unknownCommand('', name, Object.keys(commands)), usage, terminal);
    terminal.output.write(usage);
    return 0;
  }
  try {
    return await runWith(await entry.load(), `${name} `, parameters, terminal);
  } catch (error) {
    terminal.progress.write(`packhouse: ${textOf(error)}\n`);
    return error instanceof SettingsError ? 2 : 1;
  }
}

/**
 * Runs a command, or the one of a group that the first parameter names, unless usage is requested. `prefix` is what the
 * line starts with.
 */
async function runWith(
  command: Command | CommandGroup,
  prefix: string,
  parameters: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const [first = 'help', ...rest] = parameters;
  const actions = 'actions' in command ? command.actions : {};
  const action = Object.hasOwn(actions, first) ? actions[first] : undefined;
  if (action) return runWith(action, `${prefix}${first} `, rest, terminal);
  const isHelp = parameters.includes('--help') || parameters.includes('-h');
  if (isHelp || ('actions' in command && first === 'help')) {
    terminal.output.write(command.usage);
    return 0;
  }
  if (!('actions' in command)) return command.run(parameters, terminal);
  return refuse(unknownCommand(prefix, first, Object.keys(actions)), command.usage, terminal);
}

function refuse(problem: string, usage: string, { progress }: Terminal): number {
  progress.write(`packhouse: ${problem}\n\n${usage}`);
  return 2;
}

function unknownCommand(prefix: string, name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  return `unknown command ${prefix}${name}${meant === undefined ? '' : `: did you mean ${prefix}${meant}?`}`;
}

/** The error message; for unexpected errors, with the stack trace. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof SettingsError || error instanceof CommandFailed;
  return expected || 'code' in error || '$metadata' in error ? error.message : (error.stack ?? error.message);
}
