import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const program = resolve(import.meta.dirname, '../../../bin/packhouse.mjs');

/** Runs the program as a Node of this version would, as far as it looks at the version. */
function runOn(version: string) {
  const pretend = `Object.defineProperty(process, 'version', { value: 'v${version}' })`;
  return run(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, program]);
}

describe('the program packhouse', () => {
  test('says which Node it needs when it is run by an older one', async () => {
    const failed = await runOn('20.19.0').catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^packhouse: needs Node 24 or newer, and \S+ is Node 20\.19\.0\.\n[\s\S]*npm ci --omit=dev\nleaves it out/,
      ),
    });
  });
});
