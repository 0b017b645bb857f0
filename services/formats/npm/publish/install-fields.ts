import type { Manifest } from '../schema.ts';
import { dependencyMap } from './dependencies.ts';

const dependencyFields = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'devDependencies',
] as const;

/** The fields that affect installation and that no client rewrites: always taken from the tarball. */
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
 * The dependencies of a manifest in their served form: objects of names and specifiers, without values that are not
 * strings (`null`, or a comment under `//`).
 */
export function dependenciesOf(manifest: Manifest): Manifest {
  return Object.fromEntries(
    dependencyFields
      .filter((field) => manifest[field] !== undefined && manifest[field] !== null)
      .map((field) => [field, Object.fromEntries(dependencyMap(manifest[field]))]),
  );
}

/** The names of a package's bundled dependencies, as npm reads them: `true` means all dependencies. */
export function bundledBy(manifest: Manifest): string[] {
  const bundled = manifest.bundleDependencies ?? manifest.bundledDependencies;
  if (bundled === true) return [...dependencyMap(manifest.dependencies).keys()];
  const names = Array.isArray(bundled) ? bundled : Object.keys(objectOf(bundled));
  return names.filter((name) => typeof name === 'string');
}

/** A value as an object; an empty one if it is not an object. */
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

/** The entries of an object with valid values; undefined if the field is not an object. */
function only(field: unknown, isValid: (value: unknown) => boolean): Manifest | undefined {
  if (!isObject(field)) return undefined;
  return Object.fromEntries(Object.entries(objectOf(field)).filter(([, value]) => isValid(value)));
}
