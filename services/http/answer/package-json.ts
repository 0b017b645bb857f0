import type { PackageFile } from '../../domain/packages.ts';

/** Renders a package file as in GitLab's API. */
export function packageFileJson(file: PackageFile, packageId: number) {
  return {
    id: file.id,
    package_id: packageId,
    created_at: new Date(file.createdAt).toISOString(),
    file_name: file.fileName,
    size: file.size,
    file_md5: file.digests.md5,
    file_sha1: file.digests.sha1,
    file_sha256: file.digests.sha256,
    pipelines: [],
  };
}
