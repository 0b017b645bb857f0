import type { Hono } from 'hono';
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
export interface Format extends FormatRules {
  /** The `WWW-Authenticate` value of a 401. */
  readonly challenge: string;
  /** Brings the spellings of one path into one, before routes are matched (npm: `@scope/name` is one segment). */
  readonly canonicalPath?: (path: string) => string;
  /** Headers that every answer to a request has beside its own, whatever it is; undefined where there are none. */
  readonly headers?: (request: Request, call: Call) => Readonly<Record<string, string>> | undefined;
  /** Words an error in the dialect of the format's clients. The default is GitLab's `{"message": ...}`. */
  readonly renderError?: (error: RegistryError, status: number) => RenderedError;
  /** Adds the routes. */
  readonly routes: (app: FormatRoutes) => void;
}
