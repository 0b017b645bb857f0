import type { Hono } from 'hono';
import type { Mount } from '../../catalog.ts';
import type { RegistryError } from '../../domain/errors.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { Call } from '../call.ts';
import type { FormatAddress } from './address.ts';

/** What the handler of a format finds in `c.env`. */
export interface FormatCall extends Call {
  readonly address: FormatAddress;
  readonly format: Format;
}

/** The Hono environment of a format's routes. */
export type FormatEnv = { Bindings: FormatCall };

/** The Hono app a format adds its routes to. Paths start after the mount: `/:name`, not `/api/v4/...`. */
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
export interface Format extends FormatRules {
  /** Where it is served: those of the catalog. */
  readonly mounts: readonly Mount[];
  /** The `WWW-Authenticate` value of a 401, which may depend on what was requested (a token server's `scope`). */
  readonly challenge: string | ((request: Request, call: FormatCall) => string);
  /**
   * Headers in which its clients alone send a token, in lower case. They count here and nowhere else, and after the
   * carriers that all formats share (`access/credentials.ts`).
   */
  readonly tokenHeaders?: readonly string[];
  /** Brings the spellings of one path into one, before routes are matched (npm: `@scope/name` is one segment). */
  readonly canonicalPath?: (path: string) => string;
  /** Headers that every answer to a request has beside its own, whatever it is; undefined where there are none. */
  readonly headers?: (request: Request, call: Call) => Readonly<Record<string, string>> | undefined;
  /** Words an error in the dialect of the format's clients. The default is GitLab's `{"message": ...}`. */
  readonly renderError?: (error: RegistryError, status: number) => RenderedError;
  /** Adds the routes of its mounts. */
  readonly routes: (app: FormatRoutes) => void;
  /**
   * Routes of mounts where something else is served than packages, by the name the mount gives them: a token server, or
   * a document at the root of the host. A handler that uses no guard answers without project and credentials.
   */
  readonly moreRoutes?: Readonly<Record<string, (app: FormatRoutes) => void>>;
}
