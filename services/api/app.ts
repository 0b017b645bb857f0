import { Hono } from 'hono';
import { RegistryError } from '../domain/errors.ts';
import type { CallEnv } from '../http/call.ts';
import type { OtherApp } from '../http/registry-app.ts';
import { renderError } from '../http/render-error.ts';

const app = new Hono<CallEnv>();
app.notFound((c) => renderError(c, new RegistryError('routeNotFound')));
app.onError((error, c) => renderError(c, error));

/** GitLab's management API: users, groups, projects, members, tokens and packages. */
export const managementApi: OtherApp = (request, call) => app.fetch(request, call);
