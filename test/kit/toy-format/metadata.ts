import * as z from 'zod';
import { type MetadataType, metadataType } from '../../../services/domain/metadata.ts';

/** The metadata of toy packages: in layout 1 a `summary`, which layout 2 calls a `description`. */
const ToyMetadata = z.object({ description: z.string().exactOptional() });
/** See the schema. */
export type ToyMetadata = Readonly<z.infer<typeof ToyMetadata>>;

const Layout1 = z.object({ summary: z.string().exactOptional() });

/** How stored metadata is read. */
export const toyMetadata: MetadataType<ToyMetadata> = metadataType(ToyMetadata, {
  layout: 2,
  upgrade(stored) {
    const { summary } = Layout1.parse(stored);
    return summary === undefined ? {} : { description: summary };
  },
});
