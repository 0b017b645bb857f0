import { pythonTool, type Tool } from '../../client.ts';
import { credentialsOf, type Publisher } from '../python-client.ts';

function twine(tool: Tool, skipExisting: Publisher['skipExisting']): Publisher {
  return {
    tool,
    skipExisting,
    carriers: {
      arguments(setup) {
        const { username, secret } = credentialsOf(setup);
        return { args: secret === '' ? [] : ['--username', username, '--password', secret] };
      },
      environment(setup) {
        const { username, secret } = credentialsOf(setup);
        return { env: secret === '' ? {} : { TWINE_USERNAME: username, TWINE_PASSWORD: secret } };
      },
      '.pypirc': (setup) => {
        const { username, secret } = credentialsOf(setup);
        const credentials = `username = ${username}\npassword = ${secret}\n`;
        return {
          home: {
            '.pypirc': `[distutils]\nindex-servers = there\n\n[there]\nrepository = ${setup.endpoint}\n${credentials}`,
          },
          env: { TWINE_REPOSITORY: 'there', TWINE_REPOSITORY_URL: '' },
        };
      },
    },
    publish: ({ carrier, endpoint }, files) => [
      'upload',
      '--disable-progress-bar',
      ...(carrier === '.pypirc' ? ['--repository', 'there'] : ['--repository-url', endpoint]),
      ...files.map((file) => `dist/${file}`),
    ],
  };
}

/** The newest twine, which skips nothing on servers other than PyPI. */
export const twine7 = twine(pythonTool('twine-7', 'twine-7', 'twine'), 'it does so on PyPI only since 6.2');
/** The last twine that skips existing files on any server. */
export const twine6 = twine(pythonTool('twine-6', 'twine-6', 'twine'), {
  args: () => ['--skip-existing'],
  says: /Skipping \S+ because it appears to already\s+exist/,
});
