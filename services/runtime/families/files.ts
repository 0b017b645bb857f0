import { generic } from '../../formats/generic/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Formats for plain files. */
export const formats: readonly Format[] = [generic];
