/** Renders packages as in GitLab's API, where a package is what is a version here. */
import { crc32 } from 'node:zlib';
import { catalog } from '../../catalog.ts';
import type { Project } from '../../domain/accounts.ts';
import { isListed, shownVersion, type Tag, type Version } from '../../domain/packages.ts';
import type { PackagePointer } from '../../registry/records/entities.ts';
import { timeJson } from './account-json.ts';

const types = new Map<string, string>(catalog.map(({ id, packageType }) => [id, packageType]));

/** GitLab's name of a format (`package_type`). */
export function packageTypeOf(format: string): string {
  return types.get(format) ?? format;
}

/** The facts about a package that are not in its version record. */
export interface PackageFacts {
  readonly url: string;
  readonly project: Project;
  readonly tags: readonly Tag[];
  /** Whether the caller may delete the package; if so, the output has a link for it. */
  readonly deletable: boolean;
  /** In milliseconds since the epoch, or null. Lags by a few seconds. */
  readonly lastDownloadedAt: number | null;
}

/** A package. */
export function packageJson(
  version: Version,
  { url, project, tags, deletable, lastDownloadedAt }: PackageFacts,
) {
  const { id } = version;
  return {
    id,
    name: version.displayName ?? version.name,
    version: shownVersion(version) || null,
    package_type: packageTypeOf(version.format),
    status: version.status,
    _links: {
      ...(isListed(version) ? { web_path: `/${project.fullPath}/-/packages/${id}` } : {}),
      ...(deletable ? { delete_api_path: `${url}/api/v4/projects/${project.id}/packages/${id}` } : {}),
    },
    created_at: timeJson(version.createdAt),
    last_downloaded_at: timeJson(lastDownloadedAt),
    creator_id: version.creatorId,
    tags: tagsJson(id, tags),
  };
}

/** Another version of a package, as shown in a single package. */
export function otherVersionJson(row: PackagePointer, tags: readonly Tag[]) {
  return {
    id: row.id,
    version: shownVersion(row),
    created_at: timeJson(row.createdAt),
    tags: tagsJson(row.id, tags),
    pipelines: [],
  };
}

function tagsJson(packageId: number, tags: readonly Tag[]) {
  return tags.map(({ tag, createdAt, updatedAt }) => ({
    id: crc32(`${packageId}#${tag}`),
    package_id: packageId,
    name: tag,
    created_at: timeJson(createdAt),
    updated_at: timeJson(updatedAt),
  }));
}
