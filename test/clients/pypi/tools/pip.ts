import { pythonTool, type Tool } from '../../client.ts';
import { type Installer, indexOf, netrc, python, withCredentials } from '../python-client.ts';
import { pip26 as newest } from './tools.ts';

function pip(tool: Tool): Installer {
  return {
    tool,
    carriers: {
      address: (setup) => ({ args: ['--index-url', withCredentials(indexOf(setup), setup)] }),
      '.netrc': (setup) => ({ home: { '.netrc': netrc(setup) }, args: ['--index-url', indexOf(setup)] }),
      environment: (setup) => ({ env: { PIP_INDEX_URL: withCredentials(indexOf(setup), setup) } }),
      'pip.conf': (setup) => ({
        home: { '.config/pip/pip.conf': `[global]\nindex-url = ${withCredentials(indexOf(setup), setup)}\n` },
      }),
    },
    install: (_setup, requirements) => ['install', '--target', 'site', ...requirements],
    python: (project) => ({ command: [python], env: { PYTHONPATH: `${project}/site` } }),
  };
}

/** The newest pip. */
export const pip26 = pip(newest.tool);
/** A pip that long-lived Linux distributions have. */
export const pip24 = pip(pythonTool('pip-24', 'pip-24', 'pip'));
