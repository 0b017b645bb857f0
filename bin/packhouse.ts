#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// What was compiled once, types stripped, comes from a cache at the next start, which then takes little more than half as long.
enableCompileCache();
const { describeSettings, readSettings, SettingsError } = await import(
  '../services/runtime/server/settings.ts'
);

const usage = `Usage: packhouse serve [settings]

Serves a package registry from this machine.

${describeSettings()}

Each setting is a flag or a variable. See docs/settings.md for what they mean.
`;

const [command, ...flags] = process.argv.slice(2);

if (command === 'serve' && !flags.includes('--help')) {
  try {
    const settings = readSettings(flags, process.env);
    const { serve } = await import('../services/runtime/server/serve.ts');
    const serving = await serve(settings, (text) => process.stdout.write(text));
    let stopping = false;
    const stop = () => {
      if (stopping) process.exit(1);
      stopping = true;
      serving.stop().then(
        () => process.exit(0),
        (error) => fail(error),
      );
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  } catch (error) {
    fail(error);
  }
} else {
  process.stdout.write(usage);
  process.exitCode = command === undefined || flags.includes('--help') || command === '--help' ? 0 : 2;
}

function fail(error: unknown): never {
  const known = error instanceof SettingsError || (error instanceof Error && 'code' in error);
  process.stderr.write(
    `packhouse: ${known ? (error as Error).message : ((error as Error).stack ?? error)}\n`,
  );
  process.exit(1);
}
