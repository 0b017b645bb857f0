import { posix } from 'node:path';
import { clean } from 'semver';
import { invalidPackage } from '../../../domain/errors.ts';
import { unscoped } from '../names.ts';
import type { Manifest, SentManifest } from '../schema.ts';
import type { Archive } from './archive.ts';
import { dependencyMap, sameSpec } from './dependencies.ts';
import { bundledBy, dependenciesOf, objectOf, tarballFields } from './install-fields.ts';

/** The scripts that run on installation. */
const hooks = ['preinstall', 'install', 'postinstall'] as const;

/** The install script that npm adds to a package with a `binding.gyp` and no install script. */
const GYP_BUILD = 'node-gyp rebuild';

/** Fields that are stored elsewhere, or that only a registry may set. */
const dropped = new Set([
  'dist',
  'readme',
  'readmeFilename',
  'licenseText',
  'deprecated',
  'hasInstallScript',
]);

/**
 * Makes the stored manifest of a version from the client's, completed from package.json in the tarball (Bun before
 * 1.2 sends only a name and a version). Everything that determines what gets installed must be the same in both,
 * after npm's normalisation: otherwise a tarball could contain what its manifest hides.
 * @throws RegistryError `invalidPackage` naming the field
 */
export function checkedManifest(sent: SentManifest, { manifest: actual }: Archive): Manifest {
  const whole: Manifest = { ...actual, ...sent, ...tarballFields(actual) };
  requireSame('name', sent.name.trim(), textOf(actual.name).trim());
  requireSame('version', cleaned(sent.version), cleaned(actual.version));
  requireSameMap('dependencies', requiredBy(whole), requiredBy(actual));
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
    scripts: checkedScripts(sent.scripts, actual),
  };
}

/** Whether installing the package runs a script. */
export function runsAtInstall({ manifest, hasGyp }: Archive): boolean {
  const scripts = objectOf(manifest.scripts);
  if (hooks.some((hook) => Boolean(scripts[hook]))) return true;
  return hasGyp && manifest.gypfile !== false;
}

/** npm runs the tarball's install scripts. The client's manifest must not hide or change any of them. */
function checkedScripts(sent: unknown, actual: Manifest): Manifest | undefined {
  const actualScripts = objectOf(actual.scripts);
  const scripts: Record<string, unknown> = { ...objectOf(sent ?? actualScripts) };
  for (const hook of hooks) {
    const script = textOf(actualScripts[hook]);
    const stated = textOf(scripts[hook]);
    if (script !== '' && withoutBin(stated) !== withoutBin(script)) {
      throw differs(`scripts.${hook}`, stated, script);
    }
    if (script === '' && !(hook === 'install' && stated === GYP_BUILD)) delete scripts[hook];
  }
  return Object.keys(scripts).length > 0 ? scripts : undefined;
}

/** Removes the start of a script that `npm publish` removes. */
function withoutBin(script: string): string {
  return script.replace(/^(\.[/\\])?node_modules[/\\].bin[\\/]/, '');
}

/**
 * The dependencies that are installed. Some clients add optional dependencies to `dependencies`, some remove them.
 */
function requiredBy(manifest: Manifest): Map<string, string> {
  const required = dependencyMap(manifest.dependencies);
  for (const [name, spec] of dependencyMap(manifest.optionalDependencies)) required.set(name, spec);
  for (const name of bundledBy(manifest)) if (!required.has(name)) required.set(name, '*');
  return required;
}

/** The commands of a package and the files they run, normalized as npm does. */
function binOf(manifest: Manifest): Map<string, string> {
  const { bin } = manifest;
  const declared: [string, unknown][] =
    typeof bin === 'string'
      ? [[unscoped(textOf(manifest.name).trim()), bin]]
      : Array.isArray(bin)
        ? bin.map((path) => [textOf(path), path])
        : Object.entries(objectOf(bin));
  return new Map(
    declared.flatMap(([name, path]): [string, string][] => {
      const command = posix.basename(unixPath(name));
      const target = typeof path === 'string' ? unixPath(path) : '';
      return command === '' || target === '' ? [] : [[command, target]];
    }),
  );
}

function unixPath(path: string): string {
  return posix.join('/', path.replaceAll(/[\\:]/g, '/')).slice(1);
}

/** Checks commands that npm derived from a folder: each is a file in it, under its own name. */
function requireInFolder(bin: ReadonlyMap<string, string>, folder: string): void {
  for (const [command, path] of bin) {
    const inside = folder === '' || path.startsWith(`${folder.replace(/\/$/, '')}/`);
    if (!inside || posix.basename(path) !== command) throw differs(`bin["${command}"]`, path, '');
  }
}

function requireSame(field: string, sent: string, actual: string): void {
  if (sent !== actual) throw differs(field, sent, actual);
}

function requireSameMap(
  field: string,
  sent: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): void {
  for (const name of new Set([...sent.keys(), ...actual.keys()])) {
    const [stated, required] = [sent.get(name), actual.get(name)];
    if (stated === undefined || required === undefined || !sameSpec(stated, required)) {
      throw differs(`${field}["${name}"]`, stated ?? '', required ?? '');
    }
  }
}

function differs(field: string, sent: string, actual: string) {
  return invalidPackage(
    `${field} is ${quoted(sent)} in the published manifest but ${quoted(actual)} in package.json in the tarball. ` +
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
