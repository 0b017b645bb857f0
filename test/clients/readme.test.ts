import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { serveRegistry } from '../kit/serve-registry.ts';

const run = promisify(execFile);

/** The lines that a newcomer pastes: the indented ones of a section, of the README unless another document is given. */
async function pastedLines(section: string, document = 'README.md'): Promise<string[]> {
  const content = await readFile(join(import.meta.dirname, '../..', document), 'utf8');
  const text = content.split(`## ${section}\n`)[1]?.split(/\n##+ /)[0] ?? '';
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

/** Runs lines of a document against a new registry, in an empty folder. Returns what they print. */
async function pasted(lines: readonly string[]): Promise<string> {
  const registry = await serveRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-pasted-'));
  try {
    await symlink(join(import.meta.dirname, '../../bin/packhouse.mjs'), join(folder, 'packhouse'));
    const adapted = lines.map((line) =>
      line
        .trim()
        .replace('https://packages.example.com', registry.url)
        .replace('phat-...', registry.rootToken)
        .replace(/(?<=expires(?:_at=| ))\d{4}-\d\d-\d\d/, `${new Date().getUTCFullYear() + 1}-01-01`),
    );
    const { stdout } = await run('bash', ['-c', ['set -e', ...adapted].join('\n')], {
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    return stdout;
  } finally {
    await registry.stop();
    await rm(folder, { recursive: true });
  }
}

test.runIf(inject('registry').log)(
  'the commands for administrators set up a team and its tokens',
  async () => {
    const lines = [
      ...(await pastedLines('A team in ten lines', 'docs/administration.md')),
      ...(await pastedLines('CI', 'docs/administration.md')),
    ];
    const printed = (await pasted(lines)).trim().split('\n');
    expect(printed).toEqual([
      'Created the group acme (id 2).',
      'Created the user ann (id 2).',
      'Added ann to the group acme as developer.',
      'Created the project acme/tools (id 1).',
      ...['phat', 'phat', 'phdt'].map((prefix) => expect.stringMatching(new RegExp(`^${prefix}-\\w+$`))),
    ]);
  },
);

test.runIf(inject('registry').log)('the requests for administrators do the same', async () => {
  const lines = await pastedLines('The same with curl', 'docs/administration.md');
  const answers = (await pasted(lines)).trim().split('\n');
  expect(answers).toHaveLength(8);
  // The ids that the lines name are those of a new registry.
  expect(answers.map((answer) => [JSON.parse(answer)].flat()[0].id)).toEqual([2, 2, 2, 2, 1, 2, 3, 4]);
});
