import { container } from '../../formats/container/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Container images and other OCI artifacts. */
export const formats: readonly Format[] = [container];
