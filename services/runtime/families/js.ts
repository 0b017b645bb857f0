import { npm } from '../../formats/npm/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Formats of the JavaScript ecosystem. */
export const formats: readonly Format[] = [npm];
