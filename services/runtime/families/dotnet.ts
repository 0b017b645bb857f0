import { nuget } from '../../formats/nuget/format.ts';
import type { Format } from '../../http/format/format.ts';

/** Formats of the .NET ecosystem. */
export const formats: readonly Format[] = [nuget];
