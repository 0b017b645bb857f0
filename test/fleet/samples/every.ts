import type { EndpointLevel } from '../../../services/catalog.ts';
import { prefixOf } from '../../../services/http/format/address.ts';
import type { Format } from '../../../services/http/format/format.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';
import { toySample } from '../../kit/toy-format/sample.ts';
import { samples } from './all.ts';
import type { Sample } from './sample.ts';

/** A sample of every format, and of one that exists only in tests and has its own addresses. */
export const everySample: readonly Sample[] = [...samples, toySample];

/** The formats of an app that serves the sample. */
export function formatsWith({ format }: Sample): readonly Format[] {
  return format ? [...allFormats, format] : allFormats;
}

/** The descriptor of the sample's format. */
export function formatOf(sample: Sample): Format {
  const format = sample.format ?? allFormats.find(({ id }) => id === sample.id);
  if (!format) throw new Error(`there is no format ${sample.id}`);
  return format;
}

/** The path prefix at which the sample's format is served for an owner, as in links. */
export function prefixIn(sample: Sample, level: EndpointLevel, owner: string | number = ''): string {
  return prefixOf(formatOf(sample).mounts, level, owner);
}
