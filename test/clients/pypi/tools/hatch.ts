import { pythonTool } from '../../client.ts';
import {
  credentialsOf,
  type Installer,
  indexOf,
  netrc,
  type Publisher,
  withCredentials,
} from '../python-client.ts';

const tool = pythonTool('hatch', 'hatch', 'hatch');

/** Hatch as a publisher. */
export const hatchPublish: Publisher = {
  tool,
  skipExisting: 'Hatch has no such option',
  carriers: {
    arguments(setup) {
      const { username, secret } = credentialsOf(setup);
      return { args: secret === '' ? [] : ['--user', username, '--auth', secret] };
    },
    environment(setup) {
      const { username, secret } = credentialsOf(setup);
      return { env: secret === '' ? {} : { HATCH_INDEX_USER: username, HATCH_INDEX_AUTH: secret } };
    },
  },
  project: (name, version) => ({
    'pyproject.toml': `[project]\nname = "${name}"\nversion = "${version}"\n`,
  }),
  publish: ({ endpoint }, files) => [
    'publish',
    '--no-prompt',
    '--repo',
    endpoint,
    ...files.map((file) => `dist/${file}`),
  ],
};

/** Hatch as an installer: it makes an environment of the project with what that requires, by pip. */
export const hatch: Installer = {
  tool,
  carriers: {
    environment: (setup) => ({ env: { PIP_INDEX_URL: withCredentials(indexOf(setup), setup) } }),
    '.netrc': (setup) => ({ home: { '.netrc': netrc(setup) }, env: { PIP_INDEX_URL: indexOf(setup) } }),
  },
  project: (_setup, requirements) => ({
    'pyproject.toml': `[project]
name = "app"
version = "0"

[tool.hatch.envs.default]
path = ".venv"
skip-install = true
dependencies = ${JSON.stringify(requirements)}
`,
  }),
  install: () => ['env', 'create'],
  python: (project) => ({ command: [`${project}/.venv/bin/python`], env: {} }),
};
