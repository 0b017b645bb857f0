import { serve as startServing } from '../runtime/server/serve.ts';
import { describeSettings, readSettings } from '../runtime/server/settings.ts';
import { type Command, CommandFailed } from './command.ts';

/** `packhouse serve` */
export const serve: Command = {
  usage: `Usage: packhouse serve [settings]

Serves a package registry from this machine.

Each setting is a flag or an environment variable: --data-dir is the same as
PACKHOUSE_DATA_DIR. The flag takes precedence. <n> is a whole number, and <bool>
is true or false. See docs/settings.md for details.

${describeSettings()}
`,

  async run(parameters, { environment, output, signal }) {
    const settings = readSettings(parameters, environment);
    const serving = await startServing(settings, (text) => output.write(text), {
      isTerminal: output.isTTY === true,
    });
    const stopped = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const outdated = await Promise.race([stopped, serving.outdated]);
    await serving.stop();
    if (outdated !== undefined) throw new CommandFailed(outdated);
    return 0;
  },
};
