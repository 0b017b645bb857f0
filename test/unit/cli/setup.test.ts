import { describe, expect, test } from 'vitest';
import { catalog, type FormatId, mountsOf } from '../../../services/catalog.ts';
import { runCommand } from '../../../services/cli/run-command.ts';

async function setup(...parameters: string[]) {
  const printed = { output: '', progress: '' };
  const code = await runCommand(['setup', ...parameters], {
    environment: { PACKHOUSE_URL: 'https://packages.example.com/' },
    output: { write: (text) => (printed.output += text) },
    progress: { write: (text) => (printed.progress += text) },
    signal: new AbortController().signal,
  });
  return { code, ...printed };
}

/** The address that instructions contain: images are named by the host and the path of their project. */
function addressIn(id: FormatId, path: string, owner: string): string {
  const isPackages = mountsOf(id).some(({ level }) => level === 'project');
  return isPackages ? `https://packages.example.com/api/v4/${path}/${id}` : `packages.example.com/${owner}/`;
}

describe.for(catalog.map(({ id, title }) => ({ id, title })))('setup $id', ({ id, title }) => {
  test('shows how to publish to a project and to install from it', async () => {
    const { code, output } = await setup(id, '--project', 'acme/tools');
    expect(code).toBe(0);
    expect(output).toMatch(new RegExp(`^${title} packages of the project acme/tools`));
    for (const part of [addressIn(id, 'projects/acme%2Ftools/packages', 'acme/tools'), 'Publish', 'Install'])
      expect(output).toContain(part);
    expect(output).not.toMatch(/undefined|insecure|unsafe/i);
    expect(output.split('\n').every((line) => line === line.trimEnd())).toBe(true);
  });

  test.for([
    { flags: ['--group', 'acme'], path: 'groups/acme/-/packages', owner: 'acme/project' },
    { flags: [], path: 'packages', owner: 'group/project' },
  ])('omits publishing at $path', async ({ flags, path, owner }) => {
    const { code, output } = await setup(id, ...flags, '--package', 'com/other/thing', '--version', '9.8.7');
    expect(code).toBe(0);
    expect(output).toContain(addressIn(id, path, owner));
    expect(output).toContain('9.8.7');
    expect(output).not.toContain('Publish');
  });
});

describe('setup', () => {
  test('prints the instructions for one client', async () => {
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
        npmAuthToken: "\${PACKHOUSE_TOKEN-}"
        npmAlwaysAuth: true

Set up (in .yarnrc.yml):

Yarn 4.10 and later hold young versions back, except for these packages. Earlier
releases do not know the setting: leave it out.

    npmPreapprovedPackages:
      - "@acme/*"

Install:

    yarn add @acme/widget@1.0.0
`);
  });

  test('mentions user names only for clients that have them', async () => {
    const sentence = 'Any user name works with it';
    expect((await setup('pypi')).output).toContain(sentence);
    expect((await setup('generic')).output).not.toContain(sentence);
  });

  test('configures the registry for all packages if the package has no scope', async () => {
    const { output } = await setup('npm', '--package', 'widget');
    expect(output).toContain('\n    registry=https://packages.example.com/api/v4/packages/npm/\n');
    expect(output).toContain(
      '\n    npmRegistryServer: "https://packages.example.com/api/v4/packages/npm/"\n',
    );
  });

  test.for([
    ['npm', 'npm', 'those of the public registry (npmjs.org) are not found'],
    ['npm', 'pnpm', 'those of the public registry (npmjs.org) are not found'],
    ['npm', 'Yarn', 'those of the public registry (npmjs.org) are not found'],
    ['npm', 'Bun', 'those of the public registry (npmjs.org) are not found'],
    ['pypi', 'pip', 'those of the public index (pypi.org) are not found'],
    ['pypi', 'uv', 'all others from the public index'],
    ['pypi', 'Poetry', 'all others from the public index'],
  ] as const)('says what %s packages the setup of %s hides', async ([format, client, sentence]) => {
    const { output } = await setup(format, '--package', 'widget', '--client', client);
    expect(output.replaceAll(/\s+/g, ' ')).toContain(sentence);
  });

  test('does not say that a scope hides packages, which it does not', async () => {
    expect((await setup('npm')).output).not.toContain('not found');
  });

  test('takes only the named package from the registry in the setup of uv', async () => {
    const { output } = await setup('pypi', '--package', 'widget', '--client', 'uv');
    expect(output).toContain(
      '    explicit = true\n\n    [tool.uv.sources]\n    widget = { index = "packhouse" }\n',
    );
  });

  test.for([
    ['Acme.Widget', 'Acme.*'],
    ['Acme.Tools.Widget', 'Acme.Tools.*'],
    ['Widget', 'Widget'],
  ] as const)('maps %s to the registry in the setup of NuGet, by the pattern %s', async ([name, pattern]) => {
    const { output } = await setup('nuget', '--package', name, '--client', 'dotnet');
    expect(output).toContain(
      `        <packageSource key="packhouse">\n          <package pattern="${pattern}" />\n`,
    );
    expect(output).toContain('        <packageSource key="nuget.org">\n          <package pattern="*" />\n');
    expect(output).toContain(`Packages whose ids match ${pattern} come only from here`);
    expect(output).not.toContain('NuGet before 6.8');
  });

  test('says that NuGet before 6.8 does not accept a source that is allowed to have no TLS', async () => {
    const { output } = await setup('nuget', '--url', 'http://127.0.0.1:8080');
    expect(output.replaceAll(/\s+/g, ' ')).toContain(
      'NuGet before 6.8 ignores a source with allowInsecureConnections: leave that out for it.',
    );
  });

  test('names the scope as approved where clients hold young versions back', async () => {
    const { output } = await setup('npm', '--package', '@team/widget', '--client', 'pnpm');
    expect(output).toContain('Set up (in pnpm-workspace.yaml):');
    expect(output).toContain('    minimumReleaseAgeExclude:\n      - "@team/*"\n');
  });

  test.for([
    ['http://127.0.0.1:8080', false],
    ['http://localhost:8080', false],
    ['https://packages.example.com', false],
    ['http://packages.lan:8080', true],
    ['http://127.0.0.2:8080', true],
  ] as const)('lets pip and Maven use %s, with settings of their own: %s', async ([url, needed]) => {
    const [pip, maven] = [await setup('pypi', '--url', url), await setup('maven', '--url', url)];
    expect(pip.output.includes(`export PIP_TRUSTED_HOST="${new URL(url).host}"`)).toBe(needed);
    expect(maven.output.includes('<mirrorOf>packhouse</mirrorOf>')).toBe(needed);
  });

  test.for([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Yarn expands it.
    ['npm', 'Yarn', '"${PACKHOUSE_TOKEN-}"'],
    ['maven', 'sbt', 'sys.env.getOrElse("PACKHOUSE_TOKEN", "")'],
  ] as const)(
    'lets %s builds with %s start where the token is not set',
    async ([format, client, variable]) => {
      expect((await setup(format, '--client', client)).output).toContain(variable);
    },
  );

  test('configures clients to accept a URL without TLS', async () => {
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
    [['npm', '--bucket', 'x'], 'unknown option --bucket: see --help'],
    [['npm', '--projct', 'a'], 'unknown option --projct: did you mean --project?'],
    [['npm', '--prot', '1'], 'unknown option --prot: did you mean --port?'],
  ] as const)('rejects %j with the reason', async ([parameters, reason]) => {
    const { code, output, progress } = await setup(...parameters);
    expect([code, output, progress]).toEqual([2, '', expect.stringContaining(reason)]);
  });
});
