import type { Format } from '../../http/format.ts';

/** Formats of the JavaScript world. */
export const formats: readonly Format[] = [];
