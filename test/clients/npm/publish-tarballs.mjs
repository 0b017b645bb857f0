// Publishes tarballs as `npm publish <tarball>` does, with npm's own code, a few at a time in one process: npm itself needs
// a second to start for each. Arguments: the folder of npm, the registry, and the folder of the tarballs. The token is in
// the environment variable TOKEN.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [, , npm = '', registry = '', folder = ''] = process.argv;
const fromNpm = createRequire(join(npm, 'package.json'));
const { publish } = fromNpm('libnpmpublish');
const pacote = fromNpm('pacote');

const address = new URL(registry);
const options = {
  registry,
  [`//${address.host}${address.pathname}:_authToken`]: process.env.TOKEN,
  fullMetadata: true,
  fetchRetries: 0,
};
const waiting = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
const count = waiting.length;

async function work() {
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const path = join(folder, name);
    const manifest = await pacote.manifest(`file:${path}`, options);
    // Older versions of a name must not become its latest one.
    await publish(manifest, await readFile(path), { ...options, defaultTag: 'mirrored' });
  }
}

await Promise.all(Array.from({ length: 4 }, work));
process.stdout.write(`${count}\n`);
