import { systemTool, type Tool, unpackedTool, type Workspace } from '../client.ts';

/** The commands of a client of registries. References are `<host>/<repository>:<tag>`. */
export interface RegistryClient {
  readonly tool: Tool;
  /** Commands that must come first: for some, that the registry has no TLS. */
  readonly prepare?: (host: string) => readonly string[];
  readonly login: (host: string, name: string) => readonly string[];
  /** Pushes the file `layer.tar` of the project, or what `source` refers to. */
  readonly push: (to: string) => readonly string[];
  readonly copy: (from: string, to: string) => readonly string[];
  readonly pull: (from: string, folder: string) => readonly string[];
  readonly tags: (repository: string) => readonly string[];
  readonly remove: (reference: string) => readonly string[];
}

const oras: RegistryClient = {
  tool: unpackedTool('oras', 'oras'),
  login: (host, name) => ['oras', 'login', '--plain-http', host, '--username', name, '--password-stdin'],
  push: (to) => ['oras', 'push', '--plain-http', to, 'layer.tar:application/vnd.oci.image.layer.v1.tar'],
  copy: (from, to) => ['oras', 'copy', '--from-plain-http', '--to-plain-http', from, to],
  pull: (from, folder) => ['oras', 'pull', '--plain-http', '--output', folder, from],
  tags: (repository) => ['oras', 'repo', 'tags', '--plain-http', repository],
  remove: (reference) => ['oras', 'manifest', 'delete', '--plain-http', '--force', reference],
};

const crane: RegistryClient = {
  tool: unpackedTool('crane', 'crane'),
  login: (host, name) => ['crane', 'auth', 'login', host, '--username', name, '--password-stdin'],
  push: (to) => ['crane', 'append', '--new_layer', 'layer.tar', '--new_tag', to],
  copy: (from, to) => ['crane', 'copy', from, to],
  pull: (from, folder) => ['crane', 'pull', '--format', 'oci', from, folder],
  tags: (repository) => ['crane', 'ls', repository],
  remove: (reference) => ['crane', 'delete', reference],
};

const regctl: RegistryClient = {
  tool: unpackedTool('regctl', 'regctl'),
  prepare: (host) => ['regctl', 'registry', 'set', host, '--tls', 'disabled', '--skip-check'],
  login: (host, name) => ['regctl', 'registry', 'login', host, '--user', name, '--pass-stdin'],
  push: (to) => ['regctl', 'artifact', 'put', '--file', 'layer.tar', to],
  copy: (from, to) => ['regctl', 'image', 'copy', from, to],
  pull: (from, folder) => ['regctl', 'image', 'copy', from, `ocidir://${folder}`],
  tags: (repository) => ['regctl', 'tag', 'ls', repository],
  remove: (reference) => ['regctl', 'tag', 'rm', reference],
};

/** By default, all users of a name share what they are logged in to. */
const AUTH = ['--authfile', 'auth.json'];

const skopeo: RegistryClient = {
  tool: systemTool('skopeo', /version ([\d.]+)/),
  login: (host, name) => [
    ...['skopeo', 'login', ...AUTH],
    '--tls-verify=false',
    host,
    '--username',
    name,
    '--password-stdin',
  ],
  // It makes no images: the folder is what `pull` has written.
  push: (to) => ['skopeo', 'copy', ...AUTH, '--dest-tls-verify=false', 'dir:pulled', `docker://${to}`],
  copy: (from, to) => [
    ...['skopeo', 'copy', ...AUTH, '--src-tls-verify=false', '--dest-tls-verify=false'],
    ...[`docker://${from}`, `docker://${to}`],
  ],
  pull: (from, folder) => [
    'skopeo',
    'copy',
    ...AUTH,
    '--src-tls-verify=false',
    `docker://${from}`,
    `dir:${folder}`,
  ],
  tags: (repository) => ['skopeo', 'list-tags', ...AUTH, '--tls-verify=false', `docker://${repository}`],
  remove: (reference) => ['skopeo', 'delete', ...AUTH, '--tls-verify=false', `docker://${reference}`],
};

/** All clients, those first that can push a file. */
export const registryClients = { oras, crane, regctl, skopeo } as const;

/** Logs in with a secret, which no other process can see. */
export function logIn(space: Workspace, client: RegistryClient, host: string, name: string, secret: string) {
  const quoted = client.login(host, name).map((word) => `'${word}'`);
  return space.run(['bash', '-c', `printf %s "$SECRET" | ${quoted.join(' ')}`], { env: { SECRET: secret } });
}
