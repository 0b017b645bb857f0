import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerSettings } from '../runtime/server/settings.ts';
import { SettingsError } from '../runtime/server/settings.ts';

/**
 * Opens the stores of an existing registry, so that a mistyped directory is not created. `inUse` says what to do
 * when a server has it open.
 * @throws SettingsError when there is no registry, or a server has it open
 */
export async function openExisting<T>(
  { dataDir, table }: Pick<ServerSettings, 'dataDir' | 'table'>,
  inUse: string,
  open: () => Promise<T>,
): Promise<T> {
  if (!table) requireDatabase(dataDir);
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
    throw new SettingsError(`${dataDir} is in use by a server: ${inUse}`);
  }
}

function requireDatabase(directory: string): void {
  try {
    statSync(join(directory, 'packhouse.db'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new SettingsError(`there is no registry in ${directory}: set its directory with --data-dir`);
  }
}
