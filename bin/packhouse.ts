import { enableCompileCache } from 'node:module';

// Caching compiled (type-stripped) code nearly halves the startup time.
enableCompileCache();
const { runCommand } = await import('../services/cli/run-command.ts');
const { onParentEnded } = await import('../services/cli/on-parent-ended.ts');

const stopping = new AbortController();
const stop = () => {
  // A second signal means the user does not want to wait.
  if (stopping.signal.aborted) process.exit(1);
  stopping.abort();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// npx starts a shell that starts this process, and signals only the shell, which ends without passing the signal on.
if (process.env.npm_lifecycle_event !== undefined) onParentEnded(() => stopping.abort());

const { env: environment, stdout: output, stderr: progress } = process;
process.exitCode = await runCommand(process.argv.slice(2), {
  environment,
  output,
  progress,
  signal: stopping.signal,
});
process.exit();
