import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog, families, OWNER } from '../services/catalog.ts';
import { ownerSubresources } from '../services/registry/accounts/paths.ts';
import { allFormats } from '../services/runtime/families/all.ts';

const root = resolve(import.meta.dirname, '..');

/** What the files of a folder may import. The first rule whose folder contains a file applies to it. */
const rules: readonly { readonly folder: string; readonly may: readonly string[] }[] = [
  { folder: 'bin/app.ts', may: ['lib'] },
  { folder: 'bin', may: ['services/cli'] },
  {
    folder: 'lib',
    may: [
      'lib',
      'services/catalog.ts',
      'services/job-list.ts',
      'services/registry/records/partitions.ts',
      'services/shared',
      'services/ports/table-shape.ts',
    ],
  },
  { folder: 'services/registry/records/partitions.ts', may: [] },
  { folder: 'services/ports/table-shape.ts', may: [] },
  { folder: 'services/cli', may: ['services'] },
  { folder: 'services/runtime', may: ['services'] },
  {
    folder: 'services/api',
    may: [
      'services/api',
      'services/http',
      'services/registry',
      'services/domain',
      'services/shared',
      'services/catalog.ts',
      'services/ports',
    ],
  },
  {
    folder: 'services/jobs',
    may: [
      'services/jobs',
      'services/registry',
      'services/domain',
      'services/shared',
      'services/catalog.ts',
      'services/job-list.ts',
      'services/ports',
    ],
  },
  {
    folder: 'services/formats/ui-list.ts',
    may: ['services/formats', 'services/http', 'services/catalog.ts'],
  },
  {
    folder: 'services/formats',
    may: [
      'services/http',
      'services/registry',
      'services/domain',
      'services/shared',
      'services/ports',
      'services/catalog.ts',
    ],
  },
  {
    folder: 'services/http',
    may: [
      'services/http',
      'services/registry',
      'services/domain',
      'services/shared',
      'services/ports',
      'services/catalog.ts',
    ],
  },
  {
    folder: 'services/registry',
    may: ['services/registry', 'services/ports', 'services/domain', 'services/shared'],
  },
  { folder: 'services/adapters', may: ['services/ports', 'services/domain', 'services/shared'] },
  { folder: 'services/ports', may: ['services/ports', 'services/domain'] },
  { folder: 'services/domain', may: ['services/domain', 'services/shared'] },
  { folder: 'services/shared/version.ts', may: ['package.json'] },
  { folder: 'services/shared', may: ['services/shared'] },
  { folder: 'services/catalog.ts', may: [] },
  { folder: 'services/job-list.ts', may: ['services/domain/events.ts'] },
];

/** Folders whose subfolders must not import each other. */
const separated = ['services/formats', 'services/adapters'];

/** Packages that only some folders may import. */
const packageRules: readonly { readonly name: RegExp; readonly only: readonly string[] }[] = [
  { name: /^@aws-sdk\//, only: ['services/adapters/aws', 'services/runtime/lambda'] },
  { name: /^@middy\/|^@aws-lambda-powertools\//, only: ['services/runtime/lambda'] },
  {
    name: /^node:(fs|fs\/promises|sqlite|worker_threads)$/,
    only: ['services/adapters/embedded', 'services/runtime/server', 'services/cli'],
  },
  {
    name: /^hono(\/|$)|^@hono\//,
    only: ['services/http', 'services/api', 'services/formats', 'services/runtime'],
  },
  { name: /^vitest$|^aws-cdk-lib|^esbuild$/, only: [] },
];

interface Import {
  readonly file: string;
  readonly target: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const sources = ['bin', 'lib', 'services'].flatMap(filesBelow);
const tests = ['test', 'bench'].flatMap(filesBelow);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)[^'"]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g,
  );
  return [...found].map((match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? '' }));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

const imports = sources.flatMap(importsOf);
const inner = imports
  .filter(({ target }) => target.startsWith('.'))
  .map(({ file, target }) => ({ file, target: relative(root, resolve(root, dirname(file), target)) }));

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Whether code uses the table, apart from comments. */
function usesTable(source: string): boolean {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  return /\.table\b|\{[^{}]*\btable\b[^{}]*\}/.test(code);
}

describe('the architecture', () => {
  test('allows imports only downward', () => {
    const wrong = inner.filter(({ file, target }) => {
      const rule = rules.find(({ folder }) => isIn(file, folder));
      const own = separated.some(
        (folder) => isIn(file, folder) && ownFolder(file, folder) === ownFolder(target, folder),
      );
      return !own && !rule?.may.some((folder) => isIn(target, folder));
    });
    expect(wrong).toEqual([]);
    expect(inner.length).toBeGreaterThan(100);
  });

  test('allows no imports between formats or between adapters', () => {
    const lists = ['services/formats/ui-list.ts'];
    const wrong = inner.filter(({ file, target }) =>
      separated.some(
        (folder) =>
          !lists.includes(file) &&
          isIn(file, folder) &&
          isIn(target, folder) &&
          ownFolder(file, folder) !== ownFolder(target, folder),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('allows only the runtime to import adapters', () => {
    const wrong = inner.filter(
      ({ file, target }) =>
        isIn(target, 'services/adapters') &&
        !isIn(file, 'services/adapters') &&
        !isIn(file, 'services/runtime'),
    );
    expect(wrong).toEqual([]);
  });

  test('allows packages to be imported only in their folders', () => {
    const outer = imports.filter(({ file, target }) => !target.startsWith('.') && isIn(file, 'services'));
    const wrong = outer.filter(({ file, target }) =>
      packageRules.some(({ name, only }) => name.test(target) && !only.some((folder) => isIn(file, folder))),
    );
    expect(wrong).toEqual([]);
  });

  test('allows the user interface of a format to import nothing of its server', () => {
    const wrong = inner.filter(
      ({ file, target }) =>
        isIn(file, 'services/formats') &&
        file.endsWith('/ui.ts') &&
        target !== 'services/http/format/format-ui.ts' &&
        !/\/(?:names|schema)\.ts$/.test(target),
    );
    expect(wrong).toEqual([]);
  });

  test('allows only the runtime and the commands to read the environment', () => {
    const wrong = sources.filter(
      (file) =>
        isIn(file, 'services') &&
        !isIn(file, 'services/runtime') &&
        !isIn(file, 'services/cli') &&
        readFileSync(join(root, file), 'utf8').includes('process.env'),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps formats from importing keys, records and the table', () => {
    const wrong = inner.filter(
      ({ file, target }) =>
        isIn(file, 'services/formats') &&
        (isIn(target, 'services/registry/records') || target === 'services/ports/table.ts'),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps formats from using the table', () => {
    const wrong = sources.filter((file) => isIn(file, 'services/formats') && usesTable(read(file)));
    expect(wrong).toEqual([]);
    expect(usesTable('await c.env.registry.table.get({ pk, sk })')).toBe(true);
    expect(usesTable('const { table: items } = registry;')).toBe(true);
    expect(usesTable('registry.documents // not registry.table')).toBe(false);
  });

  test('keeps formats from comparing the status of a version instead of using `isListed` and `isServed`', () => {
    const wrong = sources.filter(
      (file) =>
        isIn(file, 'services/formats') &&
        /\bstatus\)? ?[!=]==? ?'|'\w+' ?[!=]==? ?(?:\w+\.)*status\b|\bcase '(?:default|hidden|deprecated|processing|error|pending_destruction)'/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps other code from deciding by the id of a format', () => {
    const wrong = sources.filter((file) => {
      if (isIn(file, 'services/formats') || file === 'services/catalog.ts') return false;
      return /switch \((?:.*\.)?format(?:\.id)?\)|format(?:\.id|Id)? [!=]== '/.test(
        readFileSync(join(root, file), 'utf8'),
      );
    });
    expect(wrong).toEqual([]);
  });
});

/** The files that may name formats: their own, the lists of formats, and the greeting with a command to paste. */
const mayNameFormats = [
  'services/formats',
  'services/catalog.ts',
  'services/runtime/families',
  'services/runtime/server/greeting.ts',
];

/** The string literals of a source file, without those in comments. */
function textsIn(source: string): string[] {
  const tokens = source.matchAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)/g,
  );
  return [...tokens].flatMap(([, text]) => text ?? []);
}

/** Formats that do not exist here yet: code outside the formats must not name them either. */
const furtherFormats = [
  ...['alpine', 'cargo', 'composer', 'conan', 'conda', 'cran', 'debian', 'docker', 'helm', 'oci', 'rpm'],
  ...['rubygems', 'terraform'],
];

describe('code outside the formats', () => {
  const ids = [...catalog.map(({ id }) => id), ...furtherFormats];
  const anyFormat = new RegExp(`(?<![a-z])(?:${ids.join('|')})(?![a-z])`, 'i');
  // GitLab's words after an owner stay reserved whether their format exists or not.
  const namesIn = (source: string) =>
    textsIn(source).filter((text) => anyFormat.test(text) && !ownerSubresources.has(text.slice(1, -1)));

  test('names no format', () => {
    const frame = sources.filter((file) => !mayNameFormats.some((folder) => isIn(file, folder)));
    const wrong = frame.flatMap((file) =>
      namesIn(readFileSync(join(root, file), 'utf8')).map((text) => ({ file, text })),
    );
    expect(wrong).toEqual([]);
    expect(frame.length).toBeGreaterThan(100);
  });

  test('is detected if it names a format', () => {
    const [name = ''] = namesIn("// 'npm' here is a comment\nconst header = 'x-nuget-apikey';");
    expect(name).toBe("'x-nuget-apikey'");
    expect(namesIn('`/packages/npm/`; "generics"; /* "maven" */')).toEqual(['`/packages/npm/`']);
  });

  test('can find the end of an owner, because no project or group has the name of the next segment', () => {
    const owned = catalog.flatMap(({ mounts }) => mounts.map(({ path }) => path.split(`${OWNER}/`)[1] ?? []));
    const following = owned.flat().map((rest) => rest.split('/', 1)[0] ?? '');
    expect(following.filter((word) => !ownerSubresources.has(word))).toEqual([]);
    expect(following.length).toBeGreaterThan(catalog.length);
  });

  test('serves each format at the mounts of the catalog', () => {
    for (const format of allFormats) {
      const entry = catalog.find(({ id }) => id === format.id);
      expect([format.id, format.mounts]).toEqual([format.id, entry?.mounts]);
    }
  });
});

function ownFolder(path: string, folder: string): string | undefined {
  return isIn(path, folder) ? relative(folder, path).split('/')[0] : undefined;
}

describe('the catalog', () => {
  test('has all formats, each with its folder, descriptor, README and family', () => {
    expect(allFormats.map((format) => format.id).sort()).toEqual(catalog.map((format) => format.id).sort());
    for (const { id } of catalog) {
      for (const name of ['format.ts', 'routes.ts', 'ui.ts', 'README.md']) {
        expect([id, name, existsSync(join(root, 'services/formats', id, name))]).toEqual([id, name, true]);
      }
    }
    const folders = readdirSync(join(root, 'services/formats'), { withFileTypes: true });
    expect(
      folders
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort(),
    ).toEqual(catalog.map((format) => format.id).sort());
  });

  test('has only families with a list of their formats', () => {
    for (const family of families) {
      expect(existsSync(join(root, `services/runtime/families/${family}.ts`))).toBe(true);
    }
  });

  test('has only formats that are tested in process and with real clients', () => {
    for (const { id } of catalog) {
      expect([id, existsSync(join(root, 'test/formats', id))]).toEqual([id, true]);
      expect([id, existsSync(join(root, 'test/clients', id))]).toEqual([id, true]);
    }
  });
});

describe('file sizes', () => {
  const tooLong = (files: readonly string[], limit: number) =>
    files
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > limit);

  test('are at most 400 lines for source files', () => expect(tooLong(sources, 400)).toEqual([]));

  test('are at most 600 lines for test files', () => expect(tooLong(tests, 600)).toEqual([]));

  /** A format with several protocols or many endpoints is split into folders, and may then have more lines in total. */
  test('add up to at most 3,300 lines for a format, and 900 for each of its folders', () => {
    const folders = new Map<string, number>();
    for (const file of sources.filter((each) => each.startsWith('services/formats/'))) {
      const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
      const format = file.split('/').slice(0, 3).join('/');
      folders.set(`${format} in total`, (folders.get(`${format} in total`) ?? 0) + lines);
      folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + lines);
    }
    const wrong = [...folders].filter(([name, lines]) => lines > (name.endsWith(' in total') ? 3300 : 900));
    expect(wrong).toEqual([]);
    expect(folders.size).toBeGreaterThan(catalog.length);
  });
});
