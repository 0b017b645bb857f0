import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** As much of a viewer request as CloudFront shows to a function. */
export interface ViewerRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: Readonly<Record<string, { readonly value: string }>>;
  readonly headers: Readonly<Record<string, { readonly value: string }>>;
}

/** What the front door's function returned: the origin of a request (undefined: the default), and the request itself. */
export interface Routed {
  readonly origin: string | undefined;
  readonly request: ViewerRequest;
}

/** Loads the function that the distribution runs, with a `cloudfront` module that only records the chosen origin. */
export function loadRouting(): (request: ViewerRequest) => Routed {
  const source = readFileSync(join(root, 'lib/edge/route-uploads.js'), 'utf8');
  const [first, ...rest] = source.split('\n');
  if (first !== "import cf from 'cloudfront';")
    throw new Error('CloudFront requires its import in the first line');
  let origin: string | undefined;
  const cf = {
    selectRequestOriginById(id: string) {
      origin = id;
    },
  };
  const handler = new Function('cf', `'use strict';${rest.join('\n')}\nreturn handler;`)(cf);
  return (request) => {
    origin = undefined;
    const returned: ViewerRequest = handler({ version: '1.0', request });
    return { origin, request: returned };
  };
}
