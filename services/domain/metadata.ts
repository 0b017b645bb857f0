/** How a format's own metadata, of a version or of a file, is read from what is stored. */
export interface MetadataType<M = unknown> {
  /** The number of the layout that is written now. The first layout of a format is 1. */
  readonly layout: number;
  /** The metadata, of the current layout. @throws when it is not that */
  parse(stored: unknown): M;
  /** Turns metadata of an older layout into the current one, for `parse` to check. @throws when it can't */
  upgrade?(stored: unknown, from: number): unknown;
}

/** What is stored of metadata: the value, and the number of its layout; absent is 1. */
export interface StoredMetadata {
  readonly metadata?: unknown;
  readonly layout?: number;
}

/** How to read layouts before the current one. */
export type OlderLayouts = Required<Pick<MetadataType, 'layout' | 'upgrade'>>;

/**
 * The type of metadata that fits a schema. The schema checks and changes nothing: fields that it does not know come
 * from a later release, and a version that is changed keeps them.
 */
export function metadataType<M>(
  schema: { parse(stored: unknown): M },
  older: OlderLayouts | { readonly layout: 1 } = { layout: 1 },
): MetadataType<M> {
  return {
    ...older,
    parse(stored) {
      schema.parse(stored);
      return stored as M;
    },
  };
}

/**
 * Stored metadata in the current layout.
 * @throws when it does not fit, or was written by a later release in a layout of its own
 */
export function parseMetadata<M>(type: MetadataType<M>, { metadata, layout = 1 }: StoredMetadata): M {
  if (layout === type.layout) return type.parse(metadata);
  if (layout > type.layout || !type.upgrade) throw new Error(`metadata of unknown layout ${layout}`);
  return type.parse(type.upgrade(metadata, layout));
}

/** Stored metadata in the current layout; undefined when it can't be read. */
export function readableMetadata<M>(type: MetadataType<M>, stored: StoredMetadata): M | undefined {
  try {
    return parseMetadata(type, stored);
  } catch {
    return undefined;
  }
}

/** The layout as it is stored beside metadata: nothing for the first one, or where the format keeps no metadata. */
export function layoutOf(type: Pick<MetadataType, 'layout'> | undefined): Pick<StoredMetadata, 'layout'> {
  return type && type.layout > 1 ? { layout: type.layout } : {};
}
