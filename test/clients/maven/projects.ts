import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Workspace } from '../client.ts';

/** The coordinates of a project of the tests, which no other test uses. */
export interface Coordinates {
  readonly group: string;
  readonly version: string;
}

/** A new group id, which not even an earlier run against the same registry has used. */
export function freshGroup(): string {
  return `com.example.orchard${randomBytes(4).toString('hex')}`;
}

/** The path of a group in a repository. */
export function pathOfGroup(group: string): string {
  return group.replaceAll('.', '/');
}

/** Writes one of the projects beside this file into a workspace, or into a folder of it, with these coordinates. */
export async function writeProject(
  space: Workspace,
  name: 'project' | 'consumer' | 'spring',
  { group, version }: Coordinates = { group: 'com.example.orchard', version: '1.0.0' },
  folder = '',
): Promise<void> {
  const home = join(import.meta.dirname, name);
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, 'utf8')
      .replaceAll('com.example.orchard', group)
      .replaceAll('1.0.0', version);
    await space.write(join(folder, relative(home, path)), text);
  }
}

/** The modules of the project that have a jar. */
export const modules = ['library', 'app', 'orchard-maven-plugin'] as const;
