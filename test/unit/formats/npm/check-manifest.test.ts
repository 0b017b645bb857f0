import { describe, expect, test } from 'vitest';
import type { Archive } from '../../../../services/formats/npm/publish/archive.ts';
import { checkedManifest, runsAtInstall } from '../../../../services/formats/npm/publish/check-manifest.ts';
import { sameSpec } from '../../../../services/formats/npm/publish/dependencies.ts';

type Fields = Record<string, unknown>;

function archiveOf(manifest: Fields, hasGyp = false): Archive {
  return { manifest, fileCount: 1, unpackedSize: 1, hasShrinkwrap: false, hasGyp, readme: '' };
}

function check(sent: Fields, actual: Fields) {
  const base = { name: '@acme/tool', version: '1.0.0' };
  return checkedManifest({ ...base, ...sent }, archiveOf({ ...base, ...actual }));
}

describe('a manifest that matches the tarball', () => {
  test('keeps its public fields', () => {
    const fields = {
      license: 'MIT',
      exports: { '.': './x.js' },
      _nodeVersion: '24.0.0',
      _npmVersion: '11.0.0',
    };
    const privateFields = {
      _id: 'x',
      _secret: 'x',
      dist: {},
      readme: 'x',
      readmeFilename: 'x',
      hasInstallScript: true,
    };
    expect(check({ ...fields, ...privateFields }, { license: 'MIT' })).toEqual({
      name: '@acme/tool',
      version: '1.0.0',
      ...fields,
    });
  });

  test('is completed from the tarball if the client sends less, as Bun before 1.2 does', () => {
    const actual = {
      dependencies: { a: '1' },
      bin: './cli.js',
      scripts: { postinstall: 'x' },
      license: 'MIT',
    };
    expect(check({}, actual)).toMatchObject({
      dependencies: { a: '1' },
      bin: { tool: 'cli.js' },
      scripts: { postinstall: 'x' },
      license: 'MIT',
    });
  });

  test.each<[string, Fields, Fields]>([
    ['a version that npm cleans', { version: '1.0.0' }, { version: 'v1.0.0' }],
    ['a name that npm trims', {}, { name: ' @acme/tool ' }],
    ['commands as text, list and object', { bin: { tool: 'cli.js' } }, { bin: './cli.js' }],
    [
      'commands with unsafe paths',
      { bin: { tool: 'cli.js' } },
      { bin: { 'x/tool': '../../cli.js', bad: 1 } },
    ],
    [
      'commands from directories.bin',
      { bin: { a: 'bin/a', c: 'bin/b/c' } },
      { directories: { bin: './bin/' } },
    ],
    [
      'commands from a directories.bin of the package itself',
      { bin: { a: 'a' } },
      { directories: { bin: '.' } },
    ],
    ['no commands from directories.bin', {}, { directories: { bin: 'bin' } }],
    [
      'optional dependencies repeated among the others',
      { dependencies: { a: '1', o: '2' }, optionalDependencies: { o: '2' } },
      { dependencies: { a: '1' }, optionalDependencies: { o: '2' } },
    ],
    [
      'optional dependencies removed from the others',
      { dependencies: { a: '1' }, optionalDependencies: { o: '2' } },
      { dependencies: { a: '1', o: '2' }, optionalDependencies: { o: '2' } },
    ],
    [
      'bundled dependencies added to the others',
      { dependencies: { b: '*' }, bundleDependencies: ['b'] },
      { bundledDependencies: ['b'] },
    ],
    ['dependencies as an old list', { dependencies: { a: '1', b: '>2' } }, { dependencies: ['a@1', 'b >2'] }],
    ['dependencies that are not text', { dependencies: {} }, { dependencies: { a: 1 } }],
    [
      'Git dependencies that npm writes out',
      { dependencies: { a: 'github:u/r', b: 'git+ssh://git@github.com/u/r.git#v1' } },
      { dependencies: { a: 'u/r', b: 'git@github.com:u/r.git#v1' } },
    ],
    [
      'a build script for binding.gyp',
      { scripts: { install: 'node-gyp rebuild' }, gypfile: true },
      { scripts: undefined },
    ],
    [
      'a script without its prefix node_modules/.bin',
      { scripts: { install: 'build' } },
      { scripts: { install: 'node_modules/.bin/build' } },
    ],
    [
      'scripts that a pack script removed and restored',
      { scripts: { postinstall: 'husky', test: 'x' } },
      { scripts: { test: 'x' } },
    ],
    ['a start script for server.js', { scripts: { start: 'node server.js' } }, {}],
  ])('is accepted with %s', (_case, sent, actual) => {
    expect(() => check(sent, actual)).not.toThrow();
  });

  test('has the fields that control installation from the tarball, whatever the client sends', () => {
    const actual = {
      bundledDependencies: ['b'],
      os: 'linux',
      cpu: ['x64', 5],
      engines: { node: '>=20', npm: 10 },
      peerDependencies: { p: '1' },
      peerDependenciesMeta: { p: { optional: true }, q: 'x' },
      dependencies: ['a@1'],
    };
    const sent = {
      bundleDependencies: ['a', 'x'],
      bundledDependencies: ['y'],
      os: ['!linux'],
      cpu: ['arm64'],
      libc: ['musl'],
      engines: {},
      peerDependenciesMeta: { p: { optional: false } },
      dependencies: { a: '1', b: '*' },
    };
    const kept = {
      bundleDependencies: ['b'],
      os: ['linux'],
      cpu: ['x64'],
      engines: { node: '>=20' },
      peerDependencies: { p: '1' },
      peerDependenciesMeta: { p: { optional: true } },
      dependencies: { a: '1', b: '*' },
    };
    const { name, version, ...rest } = check(sent, actual);
    expect([name, version, rest]).toEqual(['@acme/tool', '1.0.0', kept]);
    expect(check({}, actual).dependencies).toEqual({ a: '1' });
    expect(check({}, { dependencies: { a: 1, b: '2' } }).dependencies).toEqual({ b: '2' });
  });

  test.each<[unknown, unknown]>([
    [true, ['a', 'b']],
    [{ b: '1' }, ['b']],
    [['b'], ['b']],
    [false, undefined],
    [[], undefined],
  ])('has its bundled dependencies from bundleDependencies: %j', (bundleDependencies, names) => {
    const dependencies = { a: '1', b: '1' };
    const kept = check({ dependencies }, { dependencies, bundleDependencies });
    expect(kept.bundleDependencies).toEqual(names);
  });

  test.each([{ y: { a: 1 } }, { y: 1 }, { y: null }, { '//': ['why'] }])(
    'drops dependencies that are not text: %j',
    (odd) => {
      const fields = { dependencies: { ...odd, a: '1' }, peerDependencies: odd };
      for (const kept of [check(fields, fields), check(fields, { dependencies: { a: '1' } })]) {
        expect([kept.dependencies, kept.peerDependencies]).toEqual([{ a: '1' }, {}]);
      }
    },
  );

  test('drops install scripts that the tarball does not have', () => {
    const kept = check({ scripts: { postinstall: 'husky', test: 'x' } }, { scripts: { test: 'x' } });
    expect(kept.scripts).toEqual({ test: 'x' });
  });
});

describe('a manifest that differs from the tarball', () => {
  test.each<[string, Fields, Fields]>([
    ['name is "@acme/tool"', {}, { name: '@acme/other' }],
    ['name is "@acme/tool" in the published manifest but missing', {}, { name: 5 }],
    ['version is "1.0.0"', {}, { version: '1.0.1' }],
    ['dependencies["a"] is missing in the published', { dependencies: {} }, { dependencies: { a: '1' } }],
    ['dependencies["a"] is "1"', { dependencies: { a: '1' } }, {}],
    ['dependencies["a"] is "1"', { dependencies: { a: '1' } }, { dependencies: { a: '2' } }],
    [
      'dependencies["a"] is "github:evil/r"',
      { dependencies: { a: 'github:evil/r' } },
      { dependencies: { a: 'github:u/r' } },
    ],
    ['dependencies["o"]', { optionalDependencies: { o: '1' } }, { optionalDependencies: {} }],
    [
      'optionalDependencies["o"]',
      { dependencies: { o: '1' }, optionalDependencies: {} },
      { optionalDependencies: { o: '1' } },
    ],
    ['peerDependencies["p"]', { peerDependencies: { p: '1' } }, { peerDependencies: { p: '2' } }],
    ['bin["tool"]', { bin: { tool: 'a.js' } }, { bin: { tool: 'b.js' } }],
    ['bin["sudo"]', { bin: { tool: 'a.js' } }, { bin: { tool: 'a.js', sudo: 'evil.js' } }],
    ['bin["npm"] is "evil.js"', { bin: { npm: 'evil.js' } }, { directories: { bin: 'bin' } }],
    ['bin["npm"] is "bin/a"', { bin: { npm: 'bin/a' } }, { directories: { bin: 'bin' } }],
    ['bin["a"] is "binary/a"', { bin: { a: 'binary/a' } }, { directories: { bin: 'bin' } }],
    ['bin["a"]', { bin: { a: 'bin/a' } }, { directories: { bin: 5 } }],
    ['dependencies["x"]', { dependencies: { x: '*' }, bundleDependencies: ['x'] }, {}],
    ['scripts.preinstall', { scripts: {} }, { scripts: { preinstall: 'evil' } }],
    ['scripts.postinstall', { scripts: { postinstall: 'fine' } }, { scripts: { postinstall: 'evil' } }],
    ['scripts.install', { scripts: { install: 'node-gyp rebuild' } }, { scripts: { install: 'evil' } }],
  ])('is rejected with its field: %s', (message, sent, actual) => {
    expect(() => check(sent, actual)).toThrow(message);
  });
});

test.each([
  ['^1.0.0', '^1.0.0', true],
  ['^1.0.0 ', '^1.0.0', true],
  ['^1.0.0', '^1.0.1', false],
  ['npm:a@1', 'npm:b@1', false],
  ['u/r', 'github:u/r', true],
  ['u/r', 'https://github.com/u/r', true],
  ['u/r#v1', 'git+ssh://git@github.com/u/r.git#v1', true],
  ['u/r#v1', 'git+ssh://git@github.com/u/r.git#v2', false],
  ['gitlab:u/r', 'git+https://gitlab.com/u/r.git', true],
  ['gitlab:u/r', 'github:u/r', false],
  ['gist:abc', 'git+https://gist.github.com/abc.git', true],
  ['u/r', 'git+https://evil.example/u/r.git', false],
  ['https://evil.example/github.com/u/r', 'github:u/r', false],
  ['file:../a', 'file:../b', false],
])('dependency specs %s and %s are the same: %s', (one, other, same) => {
  expect(sameSpec(one, other)).toBe(same);
  expect(sameSpec(other, one)).toBe(same);
});

test.each<[string, Fields, boolean, boolean]>([
  ['no scripts', {}, false, false],
  ['only a test script', { scripts: { test: 'x' } }, false, false],
  ['a postinstall script', { scripts: { postinstall: 'x' } }, false, true],
  ['a binding.gyp', {}, true, true],
  ['a binding.gyp that is switched off', { gypfile: false }, true, false],
])('code that a package runs at install is detected: %s', (_case, manifest, hasGyp, runs) => {
  expect(runsAtInstall(archiveOf(manifest, hasGyp))).toBe(runs);
});
