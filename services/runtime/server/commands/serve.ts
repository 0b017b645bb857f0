import { serve as startServing } from '../serve.ts';
import { describeSettings, readSettings } from '../settings.ts';
import type { Command } from './command.ts';

/** `packhouse serve` */
export const serve: Command = {
  usage: `Usage: packhouse serve [settings]

Serves a package registry from this machine.

${describeSettings()}

Each setting is a flag or a variable. See docs/settings.md for what they mean.
`,

  async run(parameters, { environment, output, signal }) {
    const settings = readSettings(parameters, environment);
    const serving = await startServing(settings, (text) => output.write(text));
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await serving.stop();
    return 0;
  },
};
