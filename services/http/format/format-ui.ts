import { type FormatId, mountsOf } from '../../catalog.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { prefixOf } from './address.ts';

/** Where packages are published to and installed from: an endpoint of a registry. */
export interface RegistryEndpoint extends Endpoint {
  /** The registry's own address, without a slash at its end. */
  readonly url: string;
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
  /** What to paste to set clients up for the endpoint, and to publish the package there and install it from there. */
  readonly snippets: (endpoint: RegistryEndpoint, subject: Subject) => readonly Snippet[];
}

/** The address that clients of a format are given, without a slash at its end. */
export function endpointUrl({ url, level, owner }: RegistryEndpoint, format: FormatId): string {
  return url + prefixOf(mountsOf(format), level, owner);
}

/** The snippets of a format that make sense at an endpoint: packages are published to projects only. */
export function snippetsFor(
  ui: FormatUi,
  endpoint: RegistryEndpoint,
  subject: Subject = ui.example,
): readonly Snippet[] {
  const all = ui.snippets(endpoint, subject);
  return endpoint.level === 'project' ? all : all.filter(({ step }) => step !== 'publish');
}

/** Whether the endpoint is reached without TLS, which some clients must be told to accept. */
export function isInsecure({ url }: RegistryEndpoint): boolean {
  return url.startsWith('http:');
}
