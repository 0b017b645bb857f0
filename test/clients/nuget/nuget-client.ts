import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran } from '../../kit/run-program.ts';
import { makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { dotnet, nuget2, nuget5 } from './tools.ts';

/** A source in the configuration of a user, with or without credentials. */
export interface SourceSetup {
  /** The address of the endpoints of the format, without a trailing slash. */
  readonly endpoint: string;
  readonly token?: TestToken | undefined;
}

/** A user of NuGet clients, with a home of its own and one source called `acme`. */
export interface NugetUser {
  readonly space: Workspace;
  /** Runs `dotnet`, whose source is the V3 index. */
  dotnet(...args: readonly string[]): Promise<Ran>;
  /** Runs NuGet 2, whose source is the V2 feed, without prompts. */
  nuget(...args: readonly string[]): Promise<Ran>;
  /** Runs NuGet.exe 5, whose source is the V3 index, without prompts. */
  nuget5(...args: readonly string[]): Promise<Ran>;
  /** As `nuget`, on a terminal of 120 columns: `nuget list` never exits without one. */
  nugetOnTerminal(...args: readonly string[]): Promise<Ran>;
  /** The path of a file in a package that NuGet 3 or newer has installed into the home. */
  installed(id: string, version: string, file?: string): string;
  remove(): Promise<void>;
}

/** Keeps dotnet from printing a welcome message, from sending telemetry, and from leaving servers behind. */
export const quiet = {
  DOTNET_CLI_TELEMETRY_OPTOUT: '1',
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
  DOTNET_NOLOGO: '1',
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1',
  DOTNET_MULTILEVEL_LOOKUP: '0',
  MSBUILDDISABLENODEREUSE: '1',
  UseSharedCompilation: 'false',
};

/** Makes a user of this source. */
export async function nugetUser(setup: SourceSetup): Promise<NugetUser> {
  const space = await makeWorkspace({ dotnet });
  await space.write('nuget.config', configOf(`${setup.endpoint}/index.json`, setup.token));
  await space.write('nuget2.config', configOf(`${setup.endpoint}/v2`, setup.token));
  const onMono =
    ({ command }: Tool, config: string) =>
    (args: readonly string[]) => [
      ...command,
      ...args,
      '-NonInteractive',
      ...(args[0] === 'pack' ? [] : ['-ConfigFile', join(space.project, config)]),
    ];
  const old = onMono(nuget2, 'nuget2.config');
  const current = onMono(nuget5, 'nuget.config');
  return {
    space,
    dotnet: (...args) => space.run(['dotnet', ...args], { env: quiet }),
    nuget: (...args) => space.run(old(args), { timeoutMs: 60_000 }),
    nuget5: (...args) => space.run(current(args), { timeoutMs: 60_000 }),
    nugetOnTerminal: (...args) =>
      space.run(['script', '-qec', `stty cols 120; ${old(args).join(' ')}`, '/dev/null'], {
        env: { TERM: 'xterm' },
        timeoutMs: 60_000,
      }),
    installed: (id, version, file = `${id.toLowerCase()}.${version}.nupkg`) =>
      join(space.home, '.nuget/packages', id.toLowerCase(), version, file),
    remove: () => space.remove(),
  };
}

function configOf(source: string, token: TestToken | undefined): string {
  const credentials = token
    ? `<packageSourceCredentials><acme>
         <add key="Username" value="${token.username}" /><add key="ClearTextPassword" value="${token.secret}" />
       </acme></packageSourceCredentials>`
    : '';
  return `<configuration>
    <packageSources><clear /><add key="acme" value="${source}" /></packageSources>${credentials}
  </configuration>`;
}

/** The files of a project that needs packages; `main` is the code of its program. */
export function consumer(
  packages: Readonly<Record<string, string>>,
  main = 'System.Console.WriteLine("restored");',
): Readonly<Record<string, string>> {
  const references = Object.entries(packages).map(
    ([id, version]) => `<PackageReference Include="${id}" Version="${version}" />`,
  );
  return {
    'app.csproj': `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType><TargetFramework>netcoreapp3.1</TargetFramework><UseAppHost>false</UseAppHost>
    <RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>
  </PropertyGroup>
  <ItemGroup>${references.join('')}</ItemGroup>
</Project>`,
    'Program.cs': `class Program { static void Main() { ${main} } }`,
  };
}

/** Writes files into the project of a user. */
export async function writeAll(
  user: NugetUser,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) await user.space.write(path, content);
}

/** The bytes of the package file that NuGet 2 or NuGet.exe has installed into a folder of the project. */
export async function installedInto(
  user: NugetUser,
  folder: string,
  id: string,
  version: string,
): Promise<Buffer> {
  const name = `${id}.${version}`;
  const [there] = (await readdir(join(user.space.project, folder))).filter(
    (each) => each.toLowerCase() === name.toLowerCase(),
  );
  if (!there) throw new Error(`${name} was not installed`);
  return readFile(join(user.space.project, folder, there, `${there}.nupkg`));
}
