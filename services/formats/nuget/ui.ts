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
        text: nugetConfig(`${address}/index.json`, isInsecure(endpoint)),
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

function nugetConfig(source: string, insecure: boolean): string {
  const allowed = insecure ? ' allowInsecureConnections="true"' : '';
  return `<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <add key="packhouse" value="${source}"${allowed} />
  </packageSources>
  <packageSourceCredentials>
    <packhouse>
      <add key="Username" value="__token__" />
      <add key="ClearTextPassword" value="%PACKHOUSE_TOKEN%" />
    </packhouse>
  </packageSourceCredentials>
</configuration>`;
}
