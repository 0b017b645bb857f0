import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, type Playground } from '../playground.ts';
import {
  consumer,
  installedInto,
  type NugetUser,
  nugetUser,
  type SourceSetup,
  writeAll,
} from './nuget-client.ts';
import { type PackedSet, packSet } from './packages.ts';
import { dotnet, nuget2 } from './tools.ts';

/** Packs a set and pushes it with its symbols into the private project; returns it and the user, who is not removed. */
export async function publishSet(
  ground: Playground,
  suffix: string,
  token: TestToken = ground.tokens.personal,
): Promise<{ readonly set: PackedSet; readonly user: NugetUser }> {
  const user = await nugetUser({ endpoint: ground.endpoint('nuget', ground.project) });
  const set = await packSet(user, suffix);
  for (const { nupkg } of [set.base, set.tool]) {
    const pushed = await succeeded(
      user.dotnet('nuget', 'push', nupkg, '--source', 'acme', '--api-key', token.secret),
    );
    expect(pushed.seen.match(/Your package was pushed/g)).toHaveLength(2);
  }
  return { set, user };
}

/**
 * Restores a set as a new user and checks every byte; then once more from the lock file, in which NuGet has the SHA-512
 * of each package, as another user with nothing in any cache. With `says`, a program that uses the set must print that.
 */
export async function restoreSet(
  setup: SourceSetup,
  { base, tool }: PackedSet,
  says?: string,
): Promise<void> {
  const files = consumer({ [tool.id]: '2.0.0-*' }, 'System.Console.WriteLine(Acme.Tool.Say());');
  const first = await nugetUser(setup);
  try {
    await writeAll(first, files);
    await succeeded(first.dotnet('restore'));
    for (const { id, version, bytes } of [base, tool]) {
      const path = first.installed(id, version.toLowerCase());
      expect((await readFile(path)).equals(bytes)).toBe(true);
    }
    if (says) expect((await succeeded(first.dotnet('run', '--no-restore'))).stdout).toContain(says);
    const lock = await readFile(join(first.space.project, 'packages.lock.json'), 'utf8');
    const second = await nugetUser(setup);
    try {
      await writeAll(second, { ...files, 'packages.lock.json': lock });
      await succeeded(second.dotnet('restore', '--locked-mode'));
      expect((await readFile(second.installed(tool.id, tool.version.toLowerCase()))).equals(tool.bytes)).toBe(
        true,
      );
    } finally {
      await second.remove();
    }
  } finally {
    await first.remove();
  }
}

/** Installs the base with NuGet 2 and checks every byte; NuGet 2 must fail to install the tool. */
export async function installSetByV2(setup: SourceSetup, { base, tool }: PackedSet): Promise<void> {
  const user = await nugetUser(setup);
  try {
    await succeeded(
      user.nuget('install', base.id, '-Source', 'acme', '-OutputDirectory', 'packages', '-NoCache'),
    );
    expect((await installedInto(user, 'packages', base.id, base.version)).equals(base.bytes)).toBe(true);
    // NuGet 2 cannot read the version of the tool.
    const seen = await user.nuget('install', tool.id, '-Prerelease', '-Source', 'acme', '-NoCache');
    expect(seen.code).not.toBe(0);
  } finally {
    await user.remove();
  }
}

/** Tests on any host that dotnet and NuGet 2 install at these levels what dotnet pushes to the private project. */
export function nugetWorks(ground: () => Playground, levels: readonly string[]): void {
  describeTool(dotnet, () => {
    let set: PackedSet;
    beforeAll(async () => {
      const published = await publishSet(ground(), 'Hosted');
      set = published.set;
      await published.user.remove();
    });

    describe.for(levels)('from the %s', (level) => {
      const setup = () => ({
        endpoint: ground().endpoint('nuget', new Map(levelsOf(ground())).get(level)),
        token: ground().tokens.personal,
      });

      test('restores, and again from the lock file', () => restoreSet(setup(), set));

      describeTool(nuget2, () => {
        test('installs by V2, byte for byte', () => installSetByV2(setup(), set));
      });
    });
  });
}
