import { type FormatId, mountsOf } from '../../catalog.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import { prefixOf } from './address.ts';

/** An endpoint of a registry, to publish packages to and install them from. */
export interface RegistryEndpoint extends Endpoint {
  /** The registry's URL, without a trailing slash. */
  readonly url: string;
}

/** The package that instructions are about. */
export interface Subject {
  readonly name: string;
  readonly version: string;
}

/**
 * A text to paste. Credentials are the variable `PACKHOUSE_TOKEN`, in the syntax that the shell or file expands.
 */
export interface Snippet {
  readonly step: 'setup' | 'publish' | 'install';
  /** The client it is for, by the name its users know. */
  readonly client: string;
  /** The file it belongs in, in the project or below `~/`; undefined if it is for a terminal. */
  readonly file?: string;
  readonly text: string;
  /** What users should know before they paste it; one or more sentences. */
  readonly note?: string;
}

/** How a format is presented to people, on every user interface. */
export interface FormatUi {
  /** A typical package name and version of the format, used when there is no actual package. */
  readonly example: Subject;
  /** Snippets that set up clients for the endpoint, publish the package there, and install it from there. */
  readonly snippets: (endpoint: RegistryEndpoint, subject: Subject) => readonly Snippet[];
}

/** Returns the URL of an endpoint that clients of a format are set up with, without a trailing slash. */
export function endpointUrl({ url, level, owner }: RegistryEndpoint, format: FormatId): string {
  return url + prefixOf(mountsOf(format), level, owner);
}

/** Returns the snippets that apply to an endpoint: packages are published to projects only. */
export function snippetsFor(
  ui: FormatUi,
  endpoint: RegistryEndpoint,
  subject: Subject = ui.example,
): readonly Snippet[] {
  const all = ui.snippets(endpoint, subject);
  return endpoint.level === 'project' ? all : all.filter(({ step }) => step !== 'publish');
}

/** Whether the endpoint is served without TLS, which some clients accept only with an option. */
export function isInsecure({ url }: RegistryEndpoint): boolean {
  return url.startsWith('http:');
}

/** Whether the endpoint is served without TLS by another machine, which pip and Maven accept only with a setting. */
export function isInsecureElsewhere(endpoint: RegistryEndpoint): boolean {
  return isInsecure(endpoint) && !['localhost', '127.0.0.1'].includes(new URL(endpoint.url).hostname);
}
