import { type FormatUi, isInsecure, type RegistryEndpoint } from '../../http/format/format-ui.ts';

/** Login, push and pull instructions for container images, Helm charts and other OCI artifacts. */
export const ui: FormatUi = {
  example: { name: 'app', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const { host } = new URL(endpoint.url);
    const image = `${host}/${ownerOf(endpoint)}/${name}`.toLowerCase();
    const plain = isInsecure(endpoint);
    const tls = plain ? ' --tls-verify=false' : '';
    const http = plain ? ' --plain-http' : '';
    const login = (command: string) =>
      `echo "$PACKHOUSE_TOKEN" | ${command} --username __token__ --password-stdin`;
    return [
      {
        step: 'setup',
        client: 'Docker',
        text: login(`docker login ${host}`),
        ...(plain && { note: DOCKER_WITHOUT_TLS }),
      },
      {
        step: 'publish',
        client: 'Docker',
        text: `docker tag ${name}:${version} ${image}:${version}\ndocker push ${image}:${version}`,
      },
      { step: 'install', client: 'Docker', text: `docker pull ${image}:${version}` },
      { step: 'setup', client: 'Podman', text: login(`podman login${tls} ${host}`) },
      {
        step: 'publish',
        client: 'Podman',
        text: `podman push${tls} ${name}:${version} ${image}:${version}`,
      },
      { step: 'install', client: 'Podman', text: `podman pull${tls} ${image}:${version}` },
      { step: 'setup', client: 'Helm', text: login(`helm registry login${http} ${host}`) },
      {
        step: 'publish',
        client: 'Helm',
        text: `helm push${http} ${name}-${version}.tgz oci://${parentOf(image)}`,
      },
      { step: 'install', client: 'Helm', text: `helm pull${http} oci://${image} --version ${version}` },
      { step: 'setup', client: 'ORAS', text: login(`oras login${http} ${host}`) },
      {
        step: 'publish',
        client: 'ORAS',
        text: `oras push${http} ${image}:${version} ${name}.txt:text/plain`,
      },
      { step: 'install', client: 'ORAS', text: `oras pull${http} ${image}:${version}` },
    ];
  },
};

const DOCKER_WITHOUT_TLS =
  'Docker uses a registry without TLS only at a loopback address. For any other, add it to "insecure-registries" in ' +
  '/etc/docker/daemon.json on each machine, or better serve it with TLS.';

/** The path of the project; a placeholder at the other levels, where the path of an image names its project as well. */
function ownerOf({ level, owner }: RegistryEndpoint): string {
  if (level === 'project') return owner;
  return level === 'group' ? `${owner}/PROJECT` : 'GROUP/PROJECT';
}

function parentOf(image: string): string {
  return image.slice(0, image.lastIndexOf('/'));
}
