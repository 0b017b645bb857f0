import { pypi } from '../../formats/pypi/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Formats of the Python ecosystem. */
export const formats: readonly Format[] = [pypi];
