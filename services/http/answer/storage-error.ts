import { RegistryError } from '../../domain/errors.ts';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';

/** The failure of a store that is unavailable or full, as an error a caller can act on. Undefined for other errors. */
export function storageError(thrown: unknown): RegistryError | undefined {
  if (thrown instanceof StoreUnavailable)
    return new RegistryError('storageUnavailable', undefined, { cause: thrown });
  const full = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC';
  return full ? new RegistryError('storageFull', undefined, { cause: thrown }) : undefined;
}
