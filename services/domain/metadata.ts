/** Reads the format-specific metadata of a version or file from storage. */
export interface MetadataType<M = unknown> {
  /** The current layout, in which metadata is written. The first layout of a format is 1. */
  readonly layout: number;
  /** Validates metadata of the current layout. @throws Error when it does not match */
  parse(stored: unknown): M;
  /** Converts metadata of an older layout to the current one, before `parse`. @throws Error when it can't */
  upgrade?(stored: unknown, from: number): unknown;
}

/** Stored metadata and its layout; an absent layout is 1. */
export interface StoredMetadata {
  readonly metadata?: unknown;
  readonly layout?: number;
}

/** The conversion of older layouts. */
export type OlderLayouts = Required<Pick<MetadataType, 'layout' | 'upgrade'>>;

/**
 * The metadata type of a schema. The schema validates without changing anything: unknown fields come from a later version of
 * Packhouse, and are kept when a version is changed.
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
 * Returns stored metadata in the current layout.
 * @throws Error when it is invalid, or has the layout of a later version of Packhouse
 */
export function parseMetadata<M>(type: MetadataType<M>, { metadata, layout = 1 }: StoredMetadata): M {
  if (layout === type.layout) return type.parse(metadata);
  if (layout > type.layout || !type.upgrade) {
    throw new Error(`unknown layout ${layout}; this version of Packhouse reads layouts up to ${type.layout}`);
  }
  return type.parse(type.upgrade(metadata, layout));
}

/** Stored metadata in the current layout. Undefined if it can't be read. */
export function readableMetadata<M>(type: MetadataType<M>, stored: StoredMetadata): M | undefined {
  try {
    return parseMetadata(type, stored);
  } catch {
    return undefined;
  }
}

/** The most invalid fields that a reason names. */
const MAX_FIELDS = 3;

/** Returns in one line why stored metadata can't be read; undefined if it can. */
export function whyUnreadable(type: MetadataType, stored: StoredMetadata): string | undefined {
  try {
    parseMetadata(type, stored);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The message of an error; for the error of a schema, its first invalid fields and what is wrong with each. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { issues } = error as { readonly issues?: readonly SchemaIssue[] };
  if (!Array.isArray(issues) || issues.length === 0) return error.message;
  const fields = (issues as readonly SchemaIssue[])
    .slice(0, MAX_FIELDS)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`));
  if (issues.length > MAX_FIELDS) fields.push(`and ${issues.length - MAX_FIELDS} more`);
  return fields.join('; ');
}

/** An invalid field in the error of a schema. */
interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The layout to store with metadata: nothing for the first layout, or if the format has no metadata. */
export function layoutOf(type: Pick<MetadataType, 'layout'> | undefined): Pick<StoredMetadata, 'layout'> {
  return type && type.layout > 1 ? { layout: type.layout } : {};
}
