import type { Format } from '../../http/format/format.ts';
import { formats as containers } from './containers.ts';
import { formats as dotnet } from './dotnet.ts';
import { formats as files } from './files.ts';
import { formats as js } from './js.ts';
import { formats as jvm } from './jvm.ts';
import { formats as python } from './python.ts';

/** Every format, for the host that serves them all. */
export const allFormats: readonly Format[] = [...files, ...js, ...jvm, ...python, ...dotnet, ...containers];
