import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleServer, serverFolder } from '../../lib/bundles.ts';
import manifest from '../../package.json' with { type: 'json' };

const run = promisify(execFile);

describe('the npm package of the server', () => {
  let folder: string;
  beforeAll(() => {
    bundleServer();
    folder = mkdtempSync(join(tmpdir(), 'packhouse-package-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('can be installed without anything else, and runs', async () => {
    const env = { HOME: folder, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const { stdout } = await run('npm', ['pack', serverFolder], { cwd: folder, env });
    const install = ['install', '--global', '--offline', '--prefix', folder, join(folder, stdout.trim())];
    await run('npm', install, { cwd: folder, env });
    const help = await run(join(folder, 'bin', 'packhouse'), ['serve', '--help'], { env });
    expect(help.stdout).toContain('Usage: packhouse serve');
    const token = await run(join(folder, 'bin', 'packhouse'), ['token', 'create', '--help'], { env });
    expect(token.stdout).toContain('Usage: packhouse token create');
    const version = await run(join(folder, 'bin', 'packhouse'), ['--version'], { env });
    expect(version.stdout).toBe(`packhouse ${manifest.version}\n`);
  });
});
