import { pythonTool } from '../../client.ts';
import {
  credentialsOf,
  type Installer,
  indexOf,
  netrc,
  type Publisher,
  python,
  withCredentials,
} from '../python-client.ts';

const tool = pythonTool('uv', 'uv', 'uv');

/** uv as a publisher. */
export const uvPublish: Publisher = {
  tool,
  skipExisting: {
    args: (setup) => ['--check-url', withCredentials(indexOf(setup), setup)],
    says: /already exists, skipping/,
  },
  carriers: {
    arguments(setup) {
      const { username, secret } = credentialsOf(setup);
      return { args: secret === '' ? [] : ['--username', username, '--password', secret] };
    },
    environment(setup) {
      const { username, secret } = credentialsOf(setup);
      return { env: secret === '' ? {} : { UV_PUBLISH_USERNAME: username, UV_PUBLISH_PASSWORD: secret } };
    },
    token: ({ token }) => ({ args: token ? ['--token', token.secret] : [] }),
  },
  publish: ({ endpoint }, files) => [
    'publish',
    '--trusted-publishing=never',
    '--publish-url',
    endpoint,
    ...files.map((file) => `dist/${file}`),
  ],
};

/** uv as an installer, with its interface of pip. */
export const uv: Installer = {
  tool,
  carriers: {
    address: (setup) => ({ args: ['--default-index', withCredentials(indexOf(setup), setup)] }),
    '.netrc': (setup) => ({ home: { '.netrc': netrc(setup) }, args: ['--default-index', indexOf(setup)] }),
    environment(setup) {
      const { username, secret } = credentialsOf(setup);
      return {
        args: ['--default-index', `there=${indexOf(setup)}`],
        env: { UV_INDEX_THERE_USERNAME: username, UV_INDEX_THERE_PASSWORD: secret },
      };
    },
  },
  install: (_setup, requirements) => [
    'pip',
    'install',
    '--python',
    python,
    '--target',
    'site',
    ...requirements,
  ],
  python: (project) => ({ command: [python], env: { PYTHONPATH: `${project}/site` } }),
};
