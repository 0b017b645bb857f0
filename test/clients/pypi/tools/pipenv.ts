import { pythonTool } from '../../client.ts';
import { credentialsOf, type Installer, indexOf, netrc } from '../python-client.ts';

/** Pipenv, which locks and installs into an environment of the project. */
export const pipenv: Installer = {
  tool: pythonTool('pipenv', 'pipenv', 'pipenv'),
  carriers: {
    // The Pipfile and its lock name the variables, so that the secret is in neither. Pipenv escapes their values.
    variables(setup) {
      const { username, secret } = credentialsOf(setup);
      return { env: { THERE_USER: username, THERE_TOKEN: secret } };
    },
    '.netrc': (setup) => ({ home: { '.netrc': netrc(setup) } }),
  },
  project: (setup) => ({ Pipfile: pipfile(setup) }),
  install: (_setup, requirements) => ['install', ...requirements],
  python: (project) => ({ command: [`${project}/.venv/bin/python`], env: {} }),
};

function pipfile(setup: Parameters<Installer['install']>[0]): string {
  const named = setup.token && setup.carrier !== '.netrc';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Pipenv expands it.
  const url = named ? indexOf(setup).replace('://', '://${THERE_USER}:${THERE_TOKEN}@') : indexOf(setup);
  return `[[source]]\nname = "there"\nurl = "${url}"\nverify_ssl = true\n\n[packages]\n`;
}
