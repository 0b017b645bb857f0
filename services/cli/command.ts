import { type ParseArgsConfig, parseArgs } from 'node:util';
import { SettingsError } from '../runtime/server/settings.ts';

/** What a command works with; the process's own unless a test gives others. */
export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  /** Where results go. */
  readonly output: { write(text: string): unknown };
  /** Where progress and errors go. */
  readonly progress: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  /** Is aborted when the user wants the command to stop. */
  readonly signal: AbortSignal;
}

/** A command of `packhouse`. */
export interface Command {
  readonly usage: string;
  /** Runs to its end and answers the exit code. */
  run(parameters: readonly string[], terminal: Terminal): Promise<number>;
}

/** A failure whose message says all that its reader can use. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The flags of a command itself, and all others, which are settings. */
export function ownFlags<O extends Options>(parameters: readonly string[], options: O) {
  const args = [...parameters];
  const { values, tokens } = parseArgs({
    args,
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const mine = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) continue;
    const asked = option.type === 'string';
    if (asked ? !token.value : token.value !== undefined) {
      throw new SettingsError(`--${token.name} ${asked ? 'needs a value' : 'takes no value'}`);
    }
    mine.add(token.index);
    if (asked && !token.inlineValue) mine.add(token.index + 1);
  }
  type Values = { [N in keyof O]?: O[N]['type'] extends 'string' ? string : boolean };
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(options, name)));
  return { own: own as Values, settings: args.filter((_, index) => !mine.has(index)) };
}

/** The number a flag gives, 1 to `most`. */
export function countFlag(name: string, text: string | undefined, ifAbsent: number, most: number): number {
  if (text === undefined) return ifAbsent;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= most) return count;
  throw new SettingsError(`--${name} is a number from 1 to ${most}`);
}
