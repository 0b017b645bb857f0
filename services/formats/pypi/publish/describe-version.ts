import type { Metadata } from '../schema.ts';
import type { CoreMetadata } from './core-metadata.ts';

/** Characters stored per text, and per list of texts: a table item has at most 400 KB in all. */
const MAX_TEXT = 2_000;
const MAX_LIST = 15_000;

/** Characters stored of a description. */
const MAX_DESCRIPTION = 64 * 1024;

/** The metadata stored for a version, from its first file. Long texts and lists are truncated. */
export function describeVersion(metadata: CoreMetadata, publisher: string): Metadata {
  const text = (...fields: string[]) => {
    const value = fields.flatMap((field) => metadata.values(field)).find((each) => each !== '') ?? '';
    return value.slice(0, MAX_TEXT).toWellFormed();
  };
  const list = (field: string) => {
    let left = MAX_LIST;
    return metadata
      .values(field)
      .filter((value) => {
        left -= value.length + 1;
        return left >= 0;
      })
      .map((value) => value.toWellFormed());
  };
  return {
    displayName: metadata.name,
    metadataVersion: text('metadata-version'),
    summary: text('summary'),
    requiresPython: metadata.requiresPython,
    keywords: text('keywords'),
    author: text('author', 'author-email', 'maintainer', 'maintainer-email'),
    license: text('license-expression', 'license'),
    homePage: text('home-page'),
    descriptionType: text('description-content-type'),
    projectUrls: list('project-url'),
    classifiers: list('classifier'),
    requiresDist: list('requires-dist'),
    extras: list('provides-extra'),
    publisher,
  };
}

/** The readme of a version: its description. */
export function readmeOf({ description }: CoreMetadata): string {
  return description.slice(0, MAX_DESCRIPTION).toWellFormed();
}
