import { mountsOf } from '../../catalog.ts';
import { prefixOf } from '../../http/format/address.ts';
import { VERSION } from '../../shared/version.ts';

/**
 * The text a server prints when it is ready: its address, the new root token if there is one, and the next
 * commands.
 */
export function greeting(facts: {
  readonly url: string;
  readonly store: string;
  readonly rootToken?: string | undefined;
}): string {
  const { url, store, rootToken } = facts;
  const token = rootToken ?? '<token>';
  const registry = `${url}${prefixOf(mountsOf('npm'), 'project', 'root/hello')}/`;
  const lines = [
    '',
    `  Packhouse ${VERSION} is ready at ${url}`,
    `  Packages are stored in ${store}`,
    '',
    ...(rootToken
      ? ['  The administrator is root. This is its token, shown only once:', '', `    ${rootToken}`, '']
      : ['  The administrator is root, with the token that was set or shown at the first start.', '']),
    '  Publish a first package from any folder with a package.json:',
    '',
    `    curl -fsS -H "PRIVATE-TOKEN: ${token}" -d name=hello "${url}/api/v4/projects"`,
    `    npm config set "${registry.replace(/^https?:/, '')}:_authToken" "${token}" --location=project`,
    `    npm publish --registry "${registry}"`,
    '',
    '  Install it elsewhere, with a copy of the .npmrc that was just written:',
    '',
    `    npm install --registry "${registry}" <its name>`,
    '',
    '  Other formats and clients:  npx packhouse setup --help',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
