import type { Manifest } from '../schema.ts';
import { dependencyMap } from './dependencies.ts';

const dependencyFields = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'devDependencies',
] as const;

/** What decides how a package is installed and no client changes: told by the tarball alone, whatever is claimed. */
export function tarballFields(actual: Manifest): Manifest {
  const bundled = bundledBy(actual);
  return {
    bundledDependencies: undefined,
    bundleDependencies: bundled.length > 0 ? bundled : undefined,
    os: textsOf(actual.os),
    cpu: textsOf(actual.cpu),
    libc: textsOf(actual.libc),
    engines: only(actual.engines, (value) => typeof value === 'string'),
    directories: only(actual.directories, (value) => typeof value === 'string'),
    peerDependenciesMeta: only(actual.peerDependenciesMeta, isObject),
    acceptDependencies: only(actual.acceptDependencies, (value) => typeof value === 'string'),
  };
}

/**
 * The dependencies of a manifest as they are served: names and specifiers, however package.json lists them, and nothing
 * that is no text (`null`, or a comment under `//`).
 */
export function dependenciesOf(manifest: Manifest): Manifest {
  return Object.fromEntries(
    dependencyFields
      .filter((field) => manifest[field] !== undefined && manifest[field] !== null)
      .map((field) => [field, Object.fromEntries(dependencyMap(manifest[field]))]),
  );
}

/** The names of what a package brings along, as npm reads them: `true` stands for all dependencies. */
export function bundledBy(manifest: Manifest): string[] {
  const bundled = manifest.bundleDependencies ?? manifest.bundledDependencies;
  if (bundled === true) return [...dependencyMap(manifest.dependencies).keys()];
  const names = Array.isArray(bundled) ? bundled : Object.keys(objectOf(bundled));
  return names.filter((name) => typeof name === 'string');
}

/** A value as an object, an empty one where it is none. */
export function objectOf(value: unknown): Manifest {
  return isObject(value) ? (value as Manifest) : {};
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(field: unknown): string[] | undefined {
  const texts = [field].flat().filter((each) => typeof each === 'string');
  return texts.length > 0 ? texts : undefined;
}

/** The entries of an object whose values are as they should be; nothing where it is no object. */
function only(field: unknown, fits: (value: unknown) => boolean): Manifest | undefined {
  if (!isObject(field)) return undefined;
  return Object.fromEntries(Object.entries(objectOf(field)).filter(([, value]) => fits(value)));
}
