import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { serveRegistry } from '../kit/serve-registry.ts';

const run = promisify(execFile);

/** The lines that a newcomer pastes: the indented ones of a section, of the README unless another document is given. */
async function pastedLines(section: string, document = 'README.md'): Promise<string[]> {
  const content = await readFile(join(import.meta.dirname, '../..', document), 'utf8');
  const text = content.split(`## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
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

test.runIf(inject('registry').log)(
  'the commands for administrators set up a team and its tokens',
  async () => {
    const registry = await serveRegistry();
    try {
      const lines = [
        ...(await pastedLines('A team in ten lines', 'docs/administration.md')),
        ...(await pastedLines('CI', 'docs/administration.md')),
      ].map((line) =>
        line
          .trim()
          .replace('https://packages.example.com', registry.url)
          .replace('phat-...', registry.rootToken)
          .replace(/expires_at=\d+/, `expires_at=${new Date().getUTCFullYear() + 1}`)
          .replace(/(?<=expires_at=\d{4}-)\d\d-\d\d/, '01-01'),
      );
      const { stdout } = await run('bash', ['-c', ['set -e', ...lines].join('\n')], {
        env: { PATH: process.env.PATH ?? '' },
      });
      const answers = stdout.trim().split('\n');
      expect(answers).toHaveLength(8);
      // The ids that the lines name are those of a new registry.
      expect(answers.map((answer) => [JSON.parse(answer)].flat()[0].id)).toEqual([2, 2, 2, 2, 1, 2, 3, 4]);
    } finally {
      await registry.stop();
    }
  },
);
