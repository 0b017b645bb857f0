import { describe, expect, test } from 'vitest';
import { readNuspec } from '../../../../services/formats/nuget/publish/nuspec.ts';

const nuspec = (more: string) =>
  Buffer.from(`<package><metadata><id>tool</id><version>1.0.0</version>${more}</metadata></package>`);
const dependency = '<dependency id="a" version="1.0"/>';

describe('a nuspec', () => {
  test('may have many groups, dependencies, types and tags', () => {
    const groups = `<group>${dependency.repeat(25)}</group>`.repeat(200);
    const read = readNuspec(
      nuspec(
        `<dependencies>${groups}</dependencies><tags>${'tag '.repeat(1000)}</tags>` +
          `<packageTypes>${'<packageType name="x"/>'.repeat(50)}</packageTypes>`,
      ),
    );
    expect([read.dependencyGroups.length, read.tags.length, read.packageTypes.length]).toEqual([
      200, 1000, 50,
    ]);
  });

  test.for([
    ['groups of dependencies', `<dependencies>${'<group/>'.repeat(201)}</dependencies>`],
    ['dependencies', `<dependencies>${dependency.repeat(5001)}</dependencies>`],
    ['package types', `<packageTypes>${'<packageType/>'.repeat(51)}</packageTypes>`],
    ['tags', `<tags>${'tag,'.repeat(1001)}</tags>`],
    ['elements', `<files>${'<file/>'.repeat(20_000)}</files>`],
  ] as const)('may not have too many %s', ([what, more]) => {
    expect(() => readNuspec(nuspec(more))).toThrow(new RegExp(`more than \\d+ ${what}`));
  });
});
