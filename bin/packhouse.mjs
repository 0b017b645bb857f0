#!/usr/bin/env -S node --disable-warning=ExperimentalWarning --max-semi-space-size=1
// Plain JavaScript, and without static imports: it must load in any release of Node to say which one is needed.

/** The oldest supported major release of Node. */
const OLDEST = 24;

if (Number(process.version.slice(1).split('.')[0]) < OLDEST) {
  process.stderr.write(`packhouse: needs Node ${OLDEST} or newer, and ${process.execPath} is Node ${process.version.slice(1)}.

In a checkout of Packhouse, npm ci installs the right Node together with the
development tools, and npm start and npx packhouse use it (npm ci --omit=dev
leaves it out). To run a server without these tools, install Node ${OLDEST}, and use
the bundle that npm run bundles writes to dist/server.
`);
  process.exit(1);
}
await import('./packhouse.ts');
