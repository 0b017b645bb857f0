import { describe, expect, test } from 'vitest';
import { catalog } from '../../../services/catalog.ts';
import { runCommand } from '../../../services/cli/run-command.ts';

async function setup(...parameters: string[]) {
  const said = { output: '', progress: '' };
  const code = await runCommand(['setup', ...parameters], {
    environment: { PACKHOUSE_URL: 'https://packages.example.com/' },
    output: { write: (text) => (said.output += text) },
    progress: { write: (text) => (said.progress += text) },
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

describe.for(catalog.map(({ id, title }) => ({ id, title })))('setup $id', ({ id, title }) => {
  test('shows how to publish to a project and to install from it', async () => {
    const { code, output } = await setup(id, '--project', 'acme/tools');
    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`^${title} packages of the project acme/tools`));
    const endpoint = `https://packages.example.com/api/v4/projects/acme%2Ftools/packages/${id}`;
    for (const part of [endpoint, 'Publish', 'Install']) expect(output).toContain(part);
    expect(output).not.toMatch(/undefined|insecure|unsafe/i);
    expect(output.split('\n').every((line) => line === line.trimEnd())).toBe(true);
  });

  test.for([
    { flags: ['--group', 'acme'], path: 'groups/acme/-/packages' },
    { flags: [], path: 'packages' },
  ])('shows no way to publish at $path', async ({ flags, path }) => {
    const { code, output } = await setup(id, ...flags, '--package', 'com/other/thing', '--version', '9.8.7');
    expect(code).toBe(0);
    expect(output).toContain(`https://packages.example.com/api/v4/${path}/${id}`);
    expect(output).toContain('9.8.7');
    expect(output).not.toContain('Publish');
  });
});

describe('setup', () => {
  test('tells what one client needs', async () => {
    const { output } = await setup('npm', '--group', 'acme', '--client', 'yarn');
    expect(output).toBe(`npm packages of the group acme at https://packages.example.com
==============================================================

The token is read from an environment variable.

    export PACKHOUSE_TOKEN=<your token>

Yarn
----

Set up (in .yarnrc.yml):

    npmScopes:
      acme:
        npmRegistryServer: "https://packages.example.com/api/v4/groups/acme/-/packages/npm/"
        npmAuthToken: "\${PACKHOUSE_TOKEN}"
        npmAlwaysAuth: true

Install:

    yarn add @acme/widget@1.0.0
`);
  });

  test('tells of user names only where there are any', async () => {
    const words = 'Any user name works with it';
    expect((await setup('pypi')).output).toContain(words);
    expect((await setup('generic')).output).not.toContain(words);
  });

  test('of a package without a scope is the registry of all packages', async () => {
    const { output } = await setup('npm', '--package', 'widget');
    expect(output).toContain('\n    registry=https://packages.example.com/api/v4/packages/npm/\n');
    expect(output).toContain(
      '\n    npmRegistryServer: "https://packages.example.com/api/v4/packages/npm/"\n',
    );
  });

  test('tells clients to put up with an address without TLS', async () => {
    for (const [id, word] of [
      ['npm', 'unsafeHttpWhitelist: ["127.0.0.1"]'],
      ['maven', 'allowInsecureProtocol = true'],
      ['maven', '.withAllowInsecureProtocol(true)'],
      ['nuget', 'allowInsecureConnections="true"'],
    ] as const) {
      expect((await setup(id, '--url', 'http://127.0.0.1:8080')).output).toContain(word);
    }
  });

  test.for([
    [[], 'the format must be one of generic, npm, '],
    [['bower'], 'the format must be one of generic, npm, '],
    [['npm', '--project', 'a', '--group', 'b'], 'not both'],
    [['npm', '--project'], '--project needs a value'],
    [['npm', '--project', ''], '--project needs a value'],
    [['npm', '--client', 'cargo'], '--client must be one of npm, pnpm, Yarn, Bun'],
    [['npm', '--bucket', 'x'], "Unknown option '--bucket'"],
  ] as const)('says what is wrong with %j', async ([parameters, reason]) => {
    const { code, output, progress } = await setup(...parameters);
    expect([code, output, progress]).toEqual([2, '', expect.stringContaining(reason)]);
  });
});
