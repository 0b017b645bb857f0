import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { serveRegistry } from '../kit/serve-registry.ts';

const run = promisify(execFile);

/** The lines that a newcomer pastes: the indented ones of the section. */
async function pastedLines(section: string): Promise<string[]> {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const text = readme.split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  return text.split('\n').filter((line) => line.startsWith('    '));
}

test.runIf(inject('registry').log)('the commands of the README publish and install a package', async () => {
  const registry = await serveRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-readme-'));
  try {
    const host = registry.url.replace('http://', '');
    const lines = (await pastedLines('Publish your first package')).map((line) =>
      line.trim().replaceAll('127.0.0.1:8080', host).replace('phat-...', registry.rootToken),
    );
    expect(lines.length).toBeGreaterThan(8);
    const script = [
      'set -e',
      ...lines,
      'cat node_modules/@hello/hello-package/package.json',
      'cat package.json',
    ];
    const environment = { PATH: process.env.PATH ?? '', HOME: folder };
    const { stdout } = await run('bash', ['-c', script.join('\n')], { cwd: folder, env: environment });
    expect(stdout).toContain('"name": "@hello/hello-package"');
    expect(stdout).toContain('{"message":"201 Created"}');
  } finally {
    await registry.stop();
    await rm(folder, { recursive: true });
  }
});
