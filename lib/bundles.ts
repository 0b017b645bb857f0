import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, buildSync } from 'esbuild';
import { families } from '../services/catalog.ts';

/** The root of the repository. */
const root = join(import.meta.dirname, '..');

/** The folder of the function bundles: `<entry>/index.mjs`, and chunks that a bundle loads later. */
export const bundleFolder = join(root, 'dist', 'functions');

/**
 * The folder of the server bundle: `packhouse.mjs`, the commit worker, chunks, and a manifest for npm. The Dockerfile
 * copies it.
 */
export const serverFolder = join(root, 'dist', 'server');

/** The empty folder that the Dockerfile copies as the data directory. */
const dataFolder = join(root, 'dist', 'data');

/**
 * Credential providers that are not used in Lambda. The SDK imports each one only when it tries it, and in Lambda
 * it finds credentials in the environment first. Leaving them out halves every bundle.
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
  // CommonJS packages call `require` for Node's built-in modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} as const satisfies BuildOptions;

/** The folder of function entry points. */
const lambdaFolder = 'services/runtime/lambda';

/** The names of all functions: the files that export a handler, and the families of formats. */
export function functionEntries(): string[] {
  const folder = join(root, lambdaFolder);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .filter((file) => /^export const handler\b/m.test(readFileSync(join(folder, file.name), 'utf8')))
    .map((file) => basename(file.name, '.ts'));
  return [...families, ...files];
}

/** The source of an entry. Those of families differ only in their formats. */
function sourceOf(entry: string): string {
  if (!families.some((family) => family === entry)) return `export { handler } from './${entry}.ts';`;
  return `import { formats } from '../families/${entry}.ts';
import { familyHandler } from './family-handler.ts';
export const handler = familyHandler(formats);`;
}

/**
 * Bundles functions, one folder each, with all their dependencies; lazy imports become chunks. The SDK that Lambda
 * provides is older and slower to load. The same sources produce the same bytes, so unchanged functions are not
 * redeployed.
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
 * Makes what the Dockerfile copies. Bundles the Node server with all its dependencies, including the credential providers left out of functions. Not
 * minified: its startup time matters less, and its stack traces stay readable.
 */
export function bundleServer(): void {
  const { outputFiles } = buildSync({
    ...options,
    outdir: serverFolder,
    entryPoints: [
      { in: 'bin/packhouse.mjs', out: 'packhouse' },
      { in: 'services/adapters/embedded/commit-worker.ts', out: 'commit-worker' },
    ],
    chunkNames: 'part-[hash]',
  });
  store(dataFolder, []);
  store(serverFolder, [
    ...outputFiles,
    { path: join(serverFolder, 'package.json'), contents: serverManifest() },
  ]);
}

/** The manifest that makes the folder of the server an npm package: `npm pack ./dist/server`. */
function serverManifest(): Uint8Array {
  const { name, version, description, license } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const bin = { packhouse: 'packhouse.mjs' };
  const manifest = { name, version, description, license, type: 'module', bin, engines: { node: '>=24' } };
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** Makes the folder contain exactly these files, rewriting only those that differ. */
function store(folder: string, files: readonly { path: string; contents: Uint8Array }[]): void {
  mkdirSync(folder, { recursive: true });
  const kept = new Set(files.map((file) => basename(file.path)));
  for (const name of readdirSync(folder)) {
    if (!kept.has(name)) rmSync(join(folder, name), { recursive: true });
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

/** A table of the size of each bundled file. */
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
