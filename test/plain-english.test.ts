import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Retired words and phrases, and what to write instead. `docs/glossary.md` has the words to use. */
const retired: readonly (readonly [RegExp, string])[] = [
  [/\b(?:tells?|told) of\b/i, 'describes, mentions, reports'],
  [/\bspeaks? of\b/i, 'mentions, refers to'],
  [/(?<!there )\b(?:is|are) none\b/i, 'does not exist, is not a ...'],
  [/\bis asked for\b/i, 'is requested'],
  [/\bpatience\b/i, 'timeout'],
  [/\bstray (?:blob|byte)|\bstrays\b|[sS]trays?\(/, 'orphaned blob'],
  [/\babreast\b/i, 'concurrently'],
  [/\bstands? still\b|\bstood still\b/i, 'stalls'],
  [/\bturns? it around\b/i, 'inverts'],
  [/\bfor ever\b/i, 'forever, indefinitely'],
  [/\bsees? to it\b/i, 'makes sure'],
  [/\bcomes? to pass\b/i, 'happens'],
  [/\bno place\b/i, 'not a valid location'],
  [/\bserver ends\b/i, 'server is shutting down'],
  [
    /\bListedPackage\b|\b(?:plan|plugin)Listing\b|\blisted(?:As|Again)\b|\bunlistingWrites\b|\bunlistWrites\b/,
    'subpackage',
  ],
  [
    /\blisted(?:Count|By)\b(?!')|\bname_(?:un)?listed\b(?!')/,
    'subpackageCount, umbrellaName, name_added, name_removed',
  ],
  [/\b[dD]igestKinds?\b/, 'digest algorithm'],
  [/\b(?:Stanza|Json)Place\b|\bfilesInPlace\b|\bwrong-place\b/, 'position, key, storage location'],
];

/** A test of stored names, which keep the retired words. */
const stored = 'test/unit/registry/records/stored-names.test.ts';

/** The files whose texts users and maintainers read. */
function files(): string[] {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const all = [
    ...['.ci', 'bench', 'bin', 'docs', 'lib', 'services', 'test'].flatMap(below),
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ];
  return all.filter((name) => /\.(?:ts|md|sh|mjs)$|^\.ci\/run$/.test(name) && name !== stored);
}

test('code and docs contain no retired words', () => {
  const found = files().flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        retired
          .filter(([word]) => word.test(line))
          .map(
            ([word, instead]) => `${relative('.', file)}:${index + 1} ${word} -> ${instead}: ${line.trim()}`,
          ),
      ),
  );
  expect(found).toEqual([]);
});
