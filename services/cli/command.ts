import { type ParseArgsConfig, parseArgs } from 'node:util';
import { SettingsError, settingFlags } from '../runtime/server/settings.ts';
import { unknownFlag } from '../shared/text/flag-problem.ts';
import { nearest } from '../shared/text/nearest.ts';

/** The environment and streams of a command: the process's own, except in tests. */
export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  /** Receives results. */
  readonly output: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Receives progress and errors. */
  readonly progress: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal;
}

/** A command of `packhouse`. */
export interface Command {
  readonly usage: string;
  /** Runs the command and returns its exit code. */
  run(parameters: readonly string[], terminal: Terminal): Promise<number>;
}

/** A command that consists of further ones, such as `packhouse user create`. */
export interface CommandGroup {
  readonly usage: string;
  readonly actions: Readonly<Record<string, Command>>;
}

/** A failure whose message is all the user needs; no stack trace is printed. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * Separates the flags in `options` from all others, which are settings.
 * @throws SettingsError when a flag lacks its value, or has one it does not take
 */
export function ownFlags<O extends Options>(parameters: readonly string[], options: O) {
  const args = [...parameters];
  const { values, tokens } = parseArgs({
    args,
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const ownIndexes = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) {
      requireNotMeant(token.name, Object.keys(options));
      continue;
    }
    const takesValue = option.type === 'string';
    if (takesValue ? !token.value : token.value !== undefined) {
      throw new SettingsError(`--${token.name} ${takesValue ? 'needs a value' : 'takes no value'}`);
    }
    ownIndexes.add(token.index);
    if (takesValue && !token.inlineValue) ownIndexes.add(token.index + 1);
  }
  type Values = { [N in keyof O]?: O[N]['type'] extends 'string' ? string : boolean };
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(options, name)));
  return { own: own as Values, settings: args.filter((_, index) => !ownIndexes.has(index)) };
}

/** Throws when a name is no setting, but nearly one of these flags. */
function requireNotMeant(name: string, flags: readonly string[]): void {
  const meant = settingFlags.includes(name) ? undefined : nearest(name, [...flags, ...settingFlags]);
  if (meant !== undefined && flags.includes(meant)) {
    throw new SettingsError(unknownFlag(name, flags));
  }
}

/**
 * Parses a number from 1 to `most`.
 * @throws SettingsError when it is anything else
 */
export function countFlag(name: string, text: string | undefined, ifAbsent: number, most: number): number {
  if (text === undefined) return ifAbsent;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new SettingsError(`--${name} must be a number from 1 to ${most}`);
}
