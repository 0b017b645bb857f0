import { type ContentDigest, parseContentDigest } from '../../domain/digests.ts';
import {
  type PackageName,
  parsePackageName,
  parseTagName,
  parseVersionName,
  required,
  type TagName,
  type VersionName,
} from '../../domain/names.ts';
import { ociError } from './errors.ts';

/** The longest name of a repository, in characters: clients limit the host and the name together to 255. */
export const MAX_REPOSITORY = 255;

/** The name of a project's own repository, whose path is the project's. No image can have it. */
const OWN = '.';

const IMAGE = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * The package of a repository, from what follows the project's path: the image's name, empty for the project's own
 * repository.
 * @throws OciError `NAME_INVALID`
 */
export function imageName(rest: string): PackageName {
  if (rest === '') return required('packageName', parsePackageName(OWN));
  const name = rest.length <= MAX_REPOSITORY && IMAGE.test(rest) ? parsePackageName(rest) : undefined;
  if (name !== undefined) return name;
  throw ociError(
    'NAME_INVALID',
    'The name of an image has lower-case letters and digits, separated by ".", "_", "__", "-" or "/", at most ' +
      `${MAX_REPOSITORY} characters`,
  );
}

/** The path of a repository below `/v2`, as clients write it. */
export function repositoryPath(projectPath: string, image: PackageName): string {
  const path = projectPath.toLowerCase();
  return image === OWN ? path : `${path}/${image}`;
}

/** What a manifest is requested by. */
export type Reference =
  | { readonly digest: ContentDigest; readonly version: VersionName }
  | { readonly tag: TagName };

/** Parses a digest or a tag. @throws OciError if it is neither */
export function reference(text: string): Reference {
  if (text.includes(':')) {
    const digest = contentDigest(text);
    return { digest, version: versionOf(digest) };
  }
  return { tag: tagName(text) };
}

/** Parses a tag. @throws OciError `TAG_INVALID` */
export function tagName(text: string): TagName {
  const tag = TAG.test(text) ? parseTagName(text) : undefined;
  if (tag !== undefined) return tag;
  throw ociError('TAG_INVALID', 'A tag has letters, digits, "_", "." and "-", at most 128 characters');
}

/** Parses a digest. @throws OciError `DIGEST_INVALID` */
export function contentDigest(text: string): ContentDigest {
  const digest = parseContentDigest(text);
  if (digest !== undefined) return digest;
  throw ociError('DIGEST_INVALID', 'A digest is "sha256:" or "sha512:" with lower-case hexadecimal digits');
}

/** The version of a manifest: its digest. */
export function versionOf(digest: ContentDigest): VersionName {
  return required('version', parseVersionName(digest));
}

/**
 * Makes the name of a repository one segment of the path, so that routes find where it ends: at the last words that
 * can follow it, since images may be called `blobs` or `tags` as well.
 */
export function canonicalPath(path: string): string {
  for (const ending of ENDINGS) {
    const at = ending(path);
    if (at > 0) return `/${encodeURIComponent(decoded(path.slice(1, at)))}${path.slice(at)}`;
  }
  return path;
}

/** The index at which the part after the repository begins; -1 if the path does not have this form. */
type Ending = (path: string) => number;

const ENDINGS: readonly Ending[] = [
  followed('/blobs/uploads', 1),
  followed('/blobs/uploads', 0),
  followed('/tags/list', 0),
  followed('/manifests', 1),
  followed('/blobs', 1),
  followed('/referrers', 1),
];

/** Finds words that are followed by a number of segments until the end of the path. */
function followed(words: string, segments: number): Ending {
  return (path) => {
    let end = path.length;
    for (let count = 0; count < segments; count++) end = path.lastIndexOf('/', end - 1);
    return path.endsWith(words, end) ? end - words.length : -1;
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
