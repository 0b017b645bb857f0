import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { succeeded } from '../outcome.ts';
import type { NugetUser } from './nuget-client.ts';

/** A package that was packed, and its symbols. */
export interface PackedPackage {
  readonly id: string;
  readonly version: string;
  /** Paths in the project of the user who packed it. */
  readonly nupkg: string;
  readonly snupkg: string;
  readonly bytes: Buffer;
}

/** Two libraries that were packed together: `tool` needs `base`, and both have two frameworks and symbols. */
export interface PackedSet {
  readonly base: PackedPackage;
  readonly tool: PackedPackage;
}

const properties = `<TargetFrameworks>netstandard2.1;netcoreapp3.1</TargetFrameworks>
    <IncludeSymbols>true</IncludeSymbols><SymbolPackageFormat>snupkg</SymbolPackageFormat>
    <Authors>Acme &amp; Co</Authors><PackageTags>packhouse test</PackageTags>
    <PackageLicenseFile>LICENSE.txt</PackageLicenseFile><PackageIcon>icon.png</PackageIcon>
    <EnableDefaultCompileItems>false</EnableDefaultCompileItems>`;

function project(id: string, version: string, references: string): string {
  return `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <PackageId>${id}</PackageId><AssemblyName>${id}</AssemblyName><Version>${version}</Version>
    ${properties}
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="*.cs" />
    <None Include="../LICENSE.txt;../icon.png" Pack="true" PackagePath="" />${references}
  </ItemGroup>
</Project>`;
}

/** The start of a PNG, which is enough to recognize one. */
export const icon = Buffer.from('\u0089PNG\r\n\u001a\n0000', 'latin1');

/**
 * Packs two libraries with `dotnet pack`, in the project of a user and under ids that end in `suffix`: with dependency
 * groups, symbols, an icon and a licence. `Tool.Say()` returns what `Base.Say()` does.
 */
export async function packSet(user: NugetUser, suffix: string): Promise<PackedSet> {
  const base = { id: `Acme.Base.${suffix}`, version: '1.2.3' };
  const tool = { id: `Acme.Tool.${suffix}`, version: '2.0.0-Beta.1' };
  const files: Record<string, string | Buffer> = {
    'LICENSE.txt': 'As you like.',
    'icon.png': icon,
    'base/base.csproj': project(base.id, base.version, ''),
    'base/base.cs': `namespace Acme { public static class Base { public static string Say() => "${suffix} says hello"; } }`,
    'tool/tool.csproj': project(
      tool.id,
      `${tool.version}+build.7`,
      '<ProjectReference Include="../base/base.csproj" />',
    ),
    'tool/tool.cs':
      'namespace Acme { public static class Tool { public static string Say() => Base.Say(); } }',
  };
  for (const [path, content] of Object.entries(files)) await user.space.write(path, content);
  // One by one: packing the tool builds the base, but does not pack it.
  await succeeded(user.dotnet('pack', 'base/base.csproj', '-c', 'Release', '-o', 'out', '-v', 'quiet'));
  await succeeded(user.dotnet('pack', 'tool/tool.csproj', '-c', 'Release', '-o', 'out', '-v', 'quiet'));
  return { base: await packed(user, base), tool: await packed(user, tool) };
}

async function packed(
  user: NugetUser,
  { id, version }: { readonly id: string; readonly version: string },
): Promise<PackedPackage> {
  const nupkg = join('out', `${id}.${version}.nupkg`);
  const bytes = await readFile(join(user.space.project, nupkg));
  return { id, version, nupkg, snupkg: nupkg.replace(/nupkg$/, 'snupkg'), bytes };
}
