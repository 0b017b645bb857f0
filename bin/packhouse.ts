#!/usr/bin/env -S node --disable-warning=ExperimentalWarning --max-semi-space-size=1
import { enableCompileCache } from 'node:module';

// What was compiled once, types stripped, comes from a cache at the next start, which then takes little more than half as long.
enableCompileCache();
const { runCommand } = await import('../services/cli/run-command.ts');

const stopping = new AbortController();
const stop = () => {
  // Who asks twice does not want to wait.
  if (stopping.signal.aborted) process.exit(1);
  stopping.abort();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

const { env: environment, stdout: output, stderr: progress } = process;
process.exitCode = await runCommand(process.argv.slice(2), {
  environment,
  output,
  progress,
  signal: stopping.signal,
});
process.exit();
