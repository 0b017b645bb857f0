import { posix } from 'node:path';
import { clean } from 'semver';
import { invalidPackage } from '../../../domain/errors.ts';
import { unscoped } from '../names.ts';
import type { ClaimedManifest, Manifest } from '../schema.ts';
import type { Archive } from './archive.ts';
import { dependencyMap, sameSpec } from './dependencies.ts';
import { bundledBy, dependenciesOf, objectOf, tarballFields } from './install-fields.ts';

/** The scripts that run when a package is installed. */
const hooks = ['preinstall', 'install', 'postinstall'] as const;

/** What npm runs for a package with a `binding.gyp` and no install script of its own. */
const GYP_BUILD = 'node-gyp rebuild';

/** Fields that are told elsewhere, or that only a registry may set. */
const dropped = new Set([
  'dist',
  'readme',
  'readmeFilename',
  'licenseText',
  'deprecated',
  'hasInstallScript',
]);

/**
 * The manifest to keep of a version: what the client claims of it, completed from package.json in the tarball (Bun
 * before 1.2 claims a name and a version only). What decides what an installation brings in must be the same in both,
 * once npm's own normalisation is taken into account; a registry that trusted the claim would let a tarball hide it.
 * @throws RegistryError `invalidPackage` naming the field
 */
export function checkedManifest(claimed: ClaimedManifest, { manifest: actual }: Archive): Manifest {
  const whole: Manifest = { ...actual, ...claimed, ...tarballFields(actual) };
  requireSame('name', claimed.name.trim(), textOf(actual.name).trim());
  requireSame('version', cleaned(claimed.version), cleaned(actual.version));
  requireSameMap('dependencies', neededBy(whole), neededBy(actual));
  for (const field of ['optionalDependencies', 'peerDependencies'] as const) {
    requireSameMap(field, dependencyMap(whole[field]), dependencyMap(actual[field]));
  }
  const bin = binOf(whole);
  const folder = textOf(objectOf(actual.directories).bin);
  if (actual.bin || folder === '') requireSameMap('bin', bin, binOf(actual));
  else requireInFolder(bin, unixPath(folder));
  return {
    ...Object.fromEntries(Object.entries(whole).filter(([key]) => !dropped.has(key) && isPublic(key))),
    ...dependenciesOf(whole),
    bin: bin.size > 0 ? Object.fromEntries(bin) : undefined,
    scripts: checkedScripts(claimed.scripts, actual),
  };
}

/** Whether installing the package runs something. */
export function runsAtInstall({ manifest, hasGyp }: Archive): boolean {
  const scripts = objectOf(manifest.scripts);
  if (hooks.some((hook) => Boolean(scripts[hook]))) return true;
  return hasGyp && manifest.gypfile !== false;
}

/** npm runs the scripts of the tarball, so these are kept; a claim may name one more, but hide or change none. */
function checkedScripts(claimed: unknown, actual: Manifest): Manifest | undefined {
  const real = objectOf(actual.scripts);
  const scripts: Record<string, unknown> = { ...objectOf(claimed ?? real) };
  for (const hook of hooks) {
    const script = textOf(real[hook]);
    const said = textOf(scripts[hook]);
    if (script !== '' && withoutBin(said) !== withoutBin(script)) {
      throw differs(`scripts.${hook}`, said, script);
    }
    if (script === '' && !(hook === 'install' && said === GYP_BUILD)) delete scripts[hook];
  }
  return Object.keys(scripts).length > 0 ? scripts : undefined;
}

/** npm's publish removes this start of a script. */
function withoutBin(script: string): string {
  return script.replace(/^(\.[/\\])?node_modules[/\\].bin[\\/]/, '');
}

/** What is installed with the package. Clients write optional dependencies into `dependencies`, or take them out. */
function neededBy(manifest: Manifest): Map<string, string> {
  const needed = dependencyMap(manifest.dependencies);
  for (const [name, spec] of dependencyMap(manifest.optionalDependencies)) needed.set(name, spec);
  for (const name of bundledBy(manifest)) if (!needed.has(name)) needed.set(name, '*');
  return needed;
}

/** The commands of a package and the files they run, as npm's normalisation leaves them. */
function binOf(manifest: Manifest): Map<string, string> {
  const { bin } = manifest;
  const listed: [string, unknown][] =
    typeof bin === 'string'
      ? [[unscoped(textOf(manifest.name).trim()), bin]]
      : Array.isArray(bin)
        ? bin.map((path) => [textOf(path), path])
        : Object.entries(objectOf(bin));
  return new Map(
    listed.flatMap(([name, path]): [string, string][] => {
      const command = posix.basename(unixPath(name));
      const target = typeof path === 'string' ? unixPath(path) : '';
      return command === '' || target === '' ? [] : [[command, target]];
    }),
  );
}

function unixPath(path: string): string {
  return posix.join('/', path.replaceAll(/[\\:]/g, '/')).slice(1);
}

/** The commands that npm makes of a folder: its files, each under its own name. */
function requireInFolder(bin: ReadonlyMap<string, string>, folder: string): void {
  for (const [command, path] of bin) {
    const inside = folder === '' || path.startsWith(`${folder.replace(/\/$/, '')}/`);
    if (!inside || posix.basename(path) !== command) throw differs(`bin["${command}"]`, path, '');
  }
}

function requireSame(field: string, claimed: string, actual: string): void {
  if (claimed !== actual) throw differs(field, claimed, actual);
}

function requireSameMap(
  field: string,
  claimed: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): void {
  for (const name of new Set([...claimed.keys(), ...actual.keys()])) {
    const said = claimed.get(name);
    const real = actual.get(name);
    if (said === undefined || real === undefined || !sameSpec(said, real)) {
      throw differs(`${field}["${name}"]`, said ?? '', real ?? '');
    }
  }
}

function differs(field: string, claimed: string, actual: string) {
  return invalidPackage(
    `${field} is ${quoted(claimed)} in the published manifest but ${quoted(actual)} in package.json in the tarball. ` +
      'If a script changes package.json while packing, publish the packed file: npm pack, then npm publish <file>',
  );
}

function quoted(text: string): string {
  return text === '' ? 'missing' : `"${text.slice(0, 200)}"`;
}

function cleaned(version: unknown): string {
  return clean(textOf(version), { loose: true }) ?? textOf(version);
}

function isPublic(key: string): boolean {
  return !key.startsWith('_') || key === '_nodeVersion' || key === '_npmVersion';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
