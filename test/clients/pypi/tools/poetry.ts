import { pythonTool } from '../../client.ts';
import { credentialsOf, type Installer, indexOf, type Publisher } from '../python-client.ts';

const tool = pythonTool('poetry', 'poetry', 'poetry');

const carriers = {
  environment(setup) {
    const { username, secret } = credentialsOf(setup);
    return {
      env: {
        POETRY_REPOSITORIES_THERE_URL: setup.endpoint,
        ...(secret !== '' && {
          POETRY_HTTP_BASIC_THERE_USERNAME: username,
          POETRY_HTTP_BASIC_THERE_PASSWORD: secret,
        }),
      },
    };
  },
  configuration(setup) {
    const { username, secret } = credentialsOf(setup);
    return {
      before: [
        ['config', 'repositories.there', setup.endpoint],
        ['config', 'http-basic.there', username, secret],
      ],
    };
  },
} satisfies Installer['carriers'];

/** Poetry as a publisher: it uploads the files in `dist` of its project. */
export const poetryPublish: Publisher = {
  tool,
  skipExisting: { args: () => ['--skip-existing'], says: /File exists\. Skipping/ },
  carriers,
  project: (name, version) => ({
    'pyproject.toml': `[project]\nname = "${name}"\nversion = "${version}"\n`,
  }),
  publish: () => ['publish', '--repository', 'there'],
};

/** Poetry as an installer: it adds requirements to a project. */
export const poetry: Installer = {
  tool,
  carriers,
  project: (setup) => ({
    'pyproject.toml': `[project]
name = "app"
version = "0"
requires-python = ">=3.10,<4"
dependencies = []

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "there"
url = "${indexOf(setup)}"
priority = "primary"
`,
  }),
  install: (_setup, requirements) => ['add', ...requirements],
  python: (project) => ({ command: [`${project}/.venv/bin/python`], env: {} }),
};
