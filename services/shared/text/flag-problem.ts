import { nearest } from './nearest.ts';

/**
 * Describes in one line what `parseArgs` of Node refused; for an unknown flag, with the one of `known` that was probably
 * meant.
 */
export function flagProblem(error: unknown, known: readonly string[]): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const name = /'(?:-\w, )?--?(?<name>[^'= <]+)/.exec(message)?.groups?.name;
  if (name === undefined) return message;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return unknownFlag(name, known);
  if (code !== 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return message;
  return `--${name} ${message.includes('does not take') ? 'takes no value' : 'needs a value'}`;
}

/** Says that a flag is unknown, and which one was probably meant. */
export function unknownFlag(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `unknown option --${name}: ${meant === undefined ? 'see --help' : `did you mean --${meant}?`}`;
}
