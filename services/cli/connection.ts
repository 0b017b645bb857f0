import { readFileSync } from 'node:fs';
import { addressOf } from '../runtime/server/address-of.ts';
import { type Name, readSettings, SettingsError } from '../runtime/server/settings.ts';
import { isUnspecified } from '../shared/unspecified-host.ts';

const addressSettings: readonly Name[] = ['url', 'host', 'port'];

/**
 * The URL of a registry, from flags and the environment; by default of a server on this machine.
 * @throws SettingsError when there are other flags, or the URL is invalid
 */
export function registryUrl(flags: readonly string[], environment: NodeJS.ProcessEnv): string {
  const { url, host, port } = readSettings(flags, environment, addressSettings);
  return url ?? addressOf(isUnspecified(host) ? '127.0.0.1' : host, port);
}

/**
 * The token to use: in the file that `--token-file` names, or in the environment, where a server on the same machine may
 * have its root token. It is never a parameter, because other
 * users of the machine can read those.
 * @throws SettingsError when there is no token, or its file can't be read
 */
export function tokenFor(file: string | undefined, environment: NodeJS.ProcessEnv): string {
  const { PACKHOUSE_TOKEN, PACKHOUSE_ROOT_TOKEN } = environment;
  const token = file === undefined ? PACKHOUSE_TOKEN || PACKHOUSE_ROOT_TOKEN : readTokenFile(file);
  const trimmed = token?.trim();
  if (!trimmed) {
    throw new SettingsError(
      file === undefined
        ? 'a token is required: set PACKHOUSE_TOKEN, or name a file that contains one with --token-file'
        : `there is no token in ${file}`,
    );
  }
  if (/[^\x21-\x7e]/.test(trimmed)) {
    throw new SettingsError(`${file ?? 'PACKHOUSE_TOKEN'} must contain a token and nothing else`);
  }
  return trimmed;
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingsError(`the token can't be read: ${(error as Error).message}`);
  }
}

/** Refuses a token as a parameter. @throws SettingsError when there is one */
export function requireNoToken(parameters: readonly string[]): void {
  if (!parameters.some((each) => /^--token(?:=|$)/.test(each))) return;
  throw new SettingsError(
    'a token must not be a parameter, which other users of the machine can read: use --token-file or PACKHOUSE_TOKEN',
  );
}
