import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The flags of Node with which `npm start` runs the server. */
export const nodeFlags: readonly string[] = flagsOf(
  JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')).scripts.start,
);

function flagsOf(command: string): string[] {
  const flags = /^exec node (?<flags>.*) bin\/packhouse\.mjs serve$/.exec(command)?.groups?.flags;
  if (flags === undefined) throw new Error(`npm start runs something else: ${command}`);
  return flags.split(' ');
}
