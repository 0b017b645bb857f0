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

/** An error as a format's clients receive it. */
export interface RenderedError {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Replaces the reason phrase of the status line, for clients that show nothing else. Not every host can send
   * one.
   */
  readonly reason?: string;
}

/**
 * A package format, as the HTTP layer sees it. The HTTP layer owns credentials, access, bytes and state; the
 * format owns its URL grammar, the reading of archives, the rendering of indexes, and the error format of its
 * clients.
 */
export interface Format extends FormatRules {
  /** Where it is served, from the catalog. */
  readonly mounts: readonly Mount[];
  /**
   * The `WWW-Authenticate` value of a 401, which may depend on what was requested (a token server's `scope`), and on why
   * it was refused.
   */
  readonly challenge: string | ((request: Request, call: FormatCall, error?: RegistryError) => string);
  /**
   * Token headers that only this format's clients send, in lower case. They are checked only for this format,
   * after the carriers that all formats share (`access/credentials.ts`).
   */
  readonly tokenHeaders?: readonly string[];
  /** Normalises the spelling of a path before routes are matched (npm: `@scope/name` is one segment). */
  readonly canonicalPath?: (path: string) => string;
  /** Headers to add to every response to a request, errors included. */
  readonly headers?: (request: Request, call: Call) => Readonly<Record<string, string>> | undefined;
  /** Headers of its responses that pages of other origins may read, in lower case, besides those that all formats have. */
  readonly exposedHeaders?: readonly string[];
  /** Renders an error the way the format's clients expect. The default is GitLab's `{"message": ...}`. */
  readonly renderError?: (error: RegistryError, status: number) => RenderedError;
  /** Adds the routes of its mounts. */
  readonly routes: (app: FormatRoutes) => void;
  /**
   * Routes of mounts that serve something other than packages, by the name the mount gives them: a token server,
   * or a document at the root of the host. A handler without a guard needs neither a project nor credentials.
   */
  readonly moreRoutes?: Readonly<Record<string, (app: FormatRoutes) => void>>;
}
