import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, buildSync } from 'esbuild';
import { families } from '../services/catalog.ts';

/** The repository. */
const root = join(import.meta.dirname, '..');

/** Where functions are put: `<entry>/index.mjs`, and the parts a bundle loads later beside it. */
export const bundleFolder = join(root, 'dist', 'functions');

/** Where the Node server is put: `packhouse.mjs`, the thread that writes, and parts. The Dockerfile copies it. */
export const serverFolder = join(root, 'dist', 'server');

/**
 * Ways to get credentials that exist outside of Lambda only. The SDK imports each when it tries it, which it never
 * does there: the environment holds credentials. Left outside, they are half of every bundle less.
 */
const unusedCredentials = ['ini', 'login', 'process', 'sso', 'web-identity'].map(
  (kind) => `@aws-sdk/credential-provider-${kind}`,
);

const options = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  splitting: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Packages in the older module format call require for what Node itself holds.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} as const satisfies BuildOptions;

/** The folder that functions start from. */
const lambdaFolder = 'services/runtime/lambda';

/** What functions run: the files that export a handler, and a family of formats each. */
export function functionEntries(): string[] {
  const folder = join(root, lambdaFolder);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .filter((file) => /^export const handler\b/m.test(readFileSync(join(folder, file.name), 'utf8')))
    .map((file) => basename(file.name, '.ts'));
  return [...families, ...files];
}

/** The file that an entry starts with. Those of families differ in their formats only. */
function sourceOf(entry: string): string {
  if (!families.some((family) => family === entry)) return `export { handler } from './${entry}.ts';`;
  return `import { formats } from '../families/${entry}.ts';
import { familyHandler } from './family-handler.ts';
export const handler = familyHandler(formats);`;
}

/**
 * Bundles functions, one folder each, with everything they need; what is imported late is in parts of its own. Lambda's
 * own copy of the SDK is older and slower to load. The same sources give the same bytes, so that an unchanged function is
 * not deployed again.
 */
export function bundleFunctions(entries: readonly string[] = functionEntries()): void {
  for (const entry of entries) {
    const { outputFiles } = buildSync({
      ...options,
      minify: true,
      external: unusedCredentials,
      outdir: bundleFolder,
      stdin: {
        contents: sourceOf(entry),
        resolveDir: join(root, lambdaFolder),
        sourcefile: `${entry}.entry.ts`,
        loader: 'ts',
      },
      entryNames: `${entry}/index`,
      chunkNames: `${entry}/part-[hash]`,
    });
    store(join(bundleFolder, entry), outputFiles);
  }
}

/**
 * Bundles the Node server with everything it needs, also the ways to get credentials outside of Lambda. Names stay as
 * they are: nobody waits for it to start, and its stack traces can be read.
 */
export function bundleServer(): void {
  const { outputFiles } = buildSync({
    ...options,
    outdir: serverFolder,
    entryPoints: [
      { in: 'bin/packhouse.ts', out: 'packhouse' },
      { in: 'services/adapters/embedded/commit-worker.ts', out: 'commit-worker' },
    ],
    chunkNames: 'part-[hash]',
  });
  store(serverFolder, outputFiles);
}

/** Makes the folder hold these files and no others, and touches only what differs. */
function store(folder: string, files: readonly { path: string; contents: Uint8Array }[]): void {
  mkdirSync(folder, { recursive: true });
  const wanted = new Set(files.map((file) => basename(file.path)));
  for (const name of readdirSync(folder)) {
    if (!wanted.has(name)) rmSync(join(folder, name), { recursive: true });
  }
  for (const file of files) {
    if (!isSame(file.path, file.contents)) writeFileSync(file.path, file.contents);
  }
}

function isSame(path: string, contents: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}

/** Size of each file of the bundles, as a table to read. */
export function describeBundles(): string {
  const folders = [...functionEntries().map((entry) => join(bundleFolder, entry)), serverFolder];
  const lines = folders.flatMap((folder) =>
    readdirSync(folder).map((name) => {
      const bytes = readFileSync(join(folder, name));
      const [size, zipped] = [bytes.length, gzipSync(bytes).length].map((n) =>
        `${(n / 1024).toFixed(0)} KB`.padStart(8),
      );
      return `${relative(dirname(bundleFolder), join(folder, name)).padEnd(40)}${size}  gzip${zipped}`;
    }),
  );
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) {
  bundleFunctions();
  bundleServer();
  process.stdout.write(describeBundles());
}
