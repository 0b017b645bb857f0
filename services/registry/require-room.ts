import { RegistryError } from '../domain/errors.ts';
import type { Room } from '../ports/room.ts';

/**
 * Requires that there is room for what a caller adds. To be called once the caller is known to be allowed to add it;
 * reads and removals do not need room.
 * @throws RegistryError `storageFull`
 */
export async function requireRoom({ room }: { readonly room: Room }): Promise<void> {
  if (room.isShort && !(await room.hasRoom())) throw new RegistryError('storageFull');
}
