const dependencies = Object.fromEntries(
  [
    'accepts',
    'body-parser',
    'cookie',
    'debug',
    'depd',
    'etag',
    'finalhandler',
    'fresh',
    'on-finished',
    'qs',
  ].map((name, index) => [name, `^${index + 1}.${index}.2`]),
);

/** The `package.json` of a version: about 1.5 KB, as large as those of common libraries. */
export function manifestOf(name: string, version: string): Record<string, unknown> {
  return {
    name,
    version,
    description: 'A package of the bench, with a manifest as common libraries have it',
    keywords: ['bench', 'registry', 'package', 'example'],
    homepage: `https://packages.example.com/${name}#readme`,
    bugs: { url: `https://packages.example.com/${name}/issues` },
    repository: { type: 'git', url: `git+https://packages.example.com/${name}.git` },
    license: 'MIT',
    author: { name: 'A. Writer', email: 'writer@example.com' },
    maintainers: [
      { name: 'one', email: 'one@example.com' },
      { name: 'two', email: 'two@example.com' },
    ],
    type: 'module',
    main: './index.js',
    exports: { '.': { types: './index.d.ts', import: './index.js', require: './index.cjs' } },
    files: ['index.js', 'index.cjs', 'index.d.ts', 'data.bin'],
    engines: { node: '>=20' },
    scripts: { build: 'tsc', test: 'node --test', lint: 'biome check .', prepublishOnly: 'npm run build' },
    dependencies,
    devDependencies: { ...dependencies, typescript: '^5.9.0', vitest: '^4.0.0' },
    peerDependencies: { react: '>=18' },
    peerDependenciesMeta: { react: { optional: true } },
  };
}
