import type { EndpointLevel } from '../../../services/catalog.ts';
import { prefixOf } from '../../../services/http/format/address.ts';
import type { Format } from '../../../services/http/format/format.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { toySample } from '../../kit/toy-format/sample.ts';
import { samples } from './all.ts';
import type { Sample } from './sample.ts';

/** A sample of every format, and of one that exists in tests only and is served at addresses of its own. */
export const everySample: readonly Sample[] = [...samples, toySample];

/** The formats of an app that knows the sample. */
export function formatsWith({ format }: Sample): readonly Format[] {
  return format ? [...allFormats, format] : allFormats;
}

/** The descriptor of the sample's format. */
export function formatOf(sample: Sample): Format {
  const format = sample.format ?? allFormats.find(({ id }) => id === sample.id);
  if (!format) throw new Error(`there is no format ${sample.id}`);
  return format;
}

/** Where the sample's format is served for an owner, as links have it. */
export function prefixIn(sample: Sample, level: EndpointLevel, owner: string | number = ''): string {
  return prefixOf(formatOf(sample).mounts, level, owner);
}
