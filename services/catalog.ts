/**
 * What formats there are, as plain data: the only file of `services` that `lib` may import.
 * A format's `id` is its segment in URLs (`/packages/<id>/`); `family` is the function that serves it.
 */

/** One package format. */
export interface CatalogEntry {
  readonly id: string;
  readonly title: string;
  readonly family: Family;
  /** The name GitLab's API gives it (`package_type`). */
  readonly packageType: string;
}

/** The families: formats with like traffic and like dependencies share one function. */
export const families = ['files', 'js', 'jvm', 'python', 'dotnet'] as const;

/** A family's name. */
export type Family = (typeof families)[number];

/** Every format, in the order in which users see them. */
export const catalog = [
  { id: 'generic', title: 'Generic', family: 'files', packageType: 'generic' },
  { id: 'npm', title: 'npm', family: 'js', packageType: 'npm' },
  { id: 'maven', title: 'Maven', family: 'jvm', packageType: 'maven' },
  { id: 'pypi', title: 'PyPI', family: 'python', packageType: 'pypi' },
  { id: 'nuget', title: 'NuGet', family: 'dotnet', packageType: 'nuget' },
] as const satisfies readonly CatalogEntry[];

/** A format's id. */
export type FormatId = (typeof catalog)[number]['id'];
