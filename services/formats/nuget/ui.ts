import { endpointUrl, type FormatUi, isInsecure } from '../../http/format/format-ui.ts';

/** Setup, publish and install instructions for NuGet packages. */
export const ui: FormatUi = {
  example: { name: 'Acme.Widget', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const address = endpointUrl(endpoint, 'nuget');
    const v2 = `${address}/v2`;
    return [
      {
        step: 'setup',
        client: 'dotnet',
        file: 'nuget.config',
        text: nugetConfig(`${address}/index.json`, patternOf(name), isInsecure(endpoint)),
        note: [mapped(patternOf(name)), ...(isInsecure(endpoint) ? [insecure] : [])].join(' '),
      },
      {
        step: 'setup',
        client: 'Chocolatey',
        text: `choco source add --name=packhouse --source="${v2}" --user=__token__ --password="$env:PACKHOUSE_TOKEN"`,
      },
      {
        step: 'publish',
        client: 'dotnet',
        text: 'dotnet nuget push *.nupkg --source packhouse --api-key "$PACKHOUSE_TOKEN"',
      },
      {
        step: 'publish',
        client: 'Chocolatey',
        text: `choco push --source="${v2}" --api-key="$env:PACKHOUSE_TOKEN"`,
      },
      {
        step: 'install',
        client: 'dotnet',
        text: `dotnet add package ${name} --version ${version}`,
      },
      { step: 'install', client: 'Chocolatey', text: `choco install ${name} --version=${version}` },
    ];
  },
};

/** The ids that come from here only: those that begin as the name does, up to its last dot. */
function patternOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? name : `${name.slice(0, dot)}.*`;
}

function mapped(pattern: string): string {
  return `Packages whose ids match ${pattern} come only from here, all others from the public source, which NuGet calls nuget.org. Add a line for each pattern of yours. NuGet before 6.0 ignores the mapping: it takes a version from any source that has it.`;
}

const insecure = 'NuGet before 6.8 ignores a source with allowInsecureConnections: leave that out for it.';

function nugetConfig(source: string, pattern: string, isWithoutTls: boolean): string {
  const allowed = isWithoutTls ? ' allowInsecureConnections="true"' : '';
  return `<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <add key="packhouse" value="${source}"${allowed} />
  </packageSources>
  <packageSourceMapping>
    <packageSource key="packhouse">
      <package pattern="${pattern}" />
    </packageSource>
    <packageSource key="nuget.org">
      <package pattern="*" />
    </packageSource>
  </packageSourceMapping>
  <packageSourceCredentials>
    <packhouse>
      <add key="Username" value="__token__" />
      <add key="ClearTextPassword" value="%PACKHOUSE_TOKEN%" />
    </packhouse>
  </packageSourceCredentials>
</configuration>`;
}
