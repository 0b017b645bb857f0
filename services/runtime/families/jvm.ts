import { maven } from '../../formats/maven/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Formats of the JVM ecosystem. */
export const formats: readonly Format[] = [maven];
