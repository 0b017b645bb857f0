import { type EndpointLevel, type FormatId, mountsOf } from '../../catalog.ts';
import { prefixOf } from './address.ts';

/** Where packages are published to and installed from. */
export interface Place {
  /** The registry's own address, without a slash at its end. */
  readonly url: string;
  readonly level: EndpointLevel;
  /** Id or full path of the project or group; empty for the instance. */
  readonly owner: string;
}

/** The package that instructions are about. */
export interface Subject {
  readonly name: string;
  readonly version: string;
}

/** Something to paste. Credentials stand in it as the variable `PACKHOUSE_TOKEN`, in the way its reader expands it. */
export interface Snippet {
  readonly step: 'setup' | 'publish' | 'install';
  /** The client it is for, as its users call it. */
  readonly client: string;
  /** The file that it is a part of, in the project or below `~/`; without one it is for a terminal. */
  readonly file?: string;
  readonly text: string;
}

/** What people are shown of a format, on whatever surface. */
export interface FormatUi {
  /** A name and version as packages of the format have them, for where no package is at hand. */
  readonly example: Subject;
  /** What to paste to set clients up for the place, and to publish the package there and install it from there. */
  readonly snippets: (place: Place, subject: Subject) => readonly Snippet[];
}

/** The address that clients of a format are given, without a slash at its end. */
export function endpointOf(place: Place, format: FormatId): string {
  return place.url + prefixOf(mountsOf(format), place.level, place.owner);
}

/** The snippets of a format that make sense in the place: packages are published to projects only. */
export function snippetsFor(ui: FormatUi, place: Place, subject: Subject = ui.example): readonly Snippet[] {
  const all = ui.snippets(place, subject);
  return place.level === 'project' ? all : all.filter(({ step }) => step !== 'publish');
}

/** Whether the place is reached without TLS, which some clients must be told to put up with. */
export function isInsecure(place: Place): boolean {
  return place.url.startsWith('http:');
}
