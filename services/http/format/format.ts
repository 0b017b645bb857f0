import type { Hono } from 'hono';
import type { RegistryError } from '../../domain/errors.ts';
import type { Call } from '../call.ts';
import type { FormatAddress } from './address.ts';

/** What the handler of a format finds in `c.env`. */
export interface FormatCall extends Call {
  readonly address: FormatAddress;
  readonly format: Format;
}

/** The Hono environment of a format's routes. */
export type FormatEnv = { Bindings: FormatCall };

/** The Hono app a format adds its routes to. Paths start after the format's name: `/:name`, not `/api/v4/...`. */
export type FormatRoutes = Hono<FormatEnv>;

/** How an error looks to a format's clients. */
export interface RenderedError {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the status's own words in the status line, for clients that show nothing else. Not every host has one. */
  readonly reason?: string;
}

/**
 * A package format: what the frame must know of it. The frame owns credentials, access, bytes and state; the format
 * owns its URL grammar, the reading of archives, the rendering of indexes, and its clients' dialect.
 */
export interface Format {
  readonly id: string;
  /** Whether a package is published with all its files at once, or file by file; `publish` checks duplicates by it. */
  readonly duplicates: 'never' | 'by-setting';
  /** What the rule is when a group has not set one. Formats that never allow duplicates have none. */
  readonly duplicatesAllowed?: boolean;
  /** The most bytes a file may have. */
  readonly fileLimit: number;
  /** The `WWW-Authenticate` value of a 401. */
  readonly challenge: string;
  /**
   * Whether clients send credentials with their first request. Those that wait for a challenge get 401 where others
   * get 404 for something an anonymous caller can't find.
   */
  readonly credentialsFirst: boolean;
  /**
   * The root namespace that a name says it belongs to, where names do (npm: `acme` of `@acme/widget`). At instance level
   * such a name is served from projects of that namespace alone.
   */
  readonly namespaceOf?: (name: string) => string | undefined;
  /** Brings the spellings of one path into one, before routes are matched (npm: `@scope/name` is one segment). */
  readonly canonicalPath?: (path: string) => string;
  /** Headers that every answer to a request has beside its own, whatever it is; undefined where there are none. */
  readonly headers?: (request: Request, call: Call) => Readonly<Record<string, string>> | undefined;
  /** Words an error in the dialect of the format's clients. The default is GitLab's `{"message": ...}`. */
  readonly renderError?: (error: RegistryError, status: number) => RenderedError;
  /** Adds the routes. */
  readonly routes: (app: FormatRoutes) => void;
}
