import {
  endpointUrl,
  type FormatUi,
  isInsecureElsewhere,
  type RegistryEndpoint,
} from '../../http/format/format-ui.ts';

/** Setup, publish and install instructions for Python packages. */
export const ui: FormatUi = {
  example: { name: 'acme-widget', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const address = endpointUrl(endpoint, 'pypi');
    const index = `${address}/simple`;
    const spec = `${name}==${version}`;
    const poetryLogin = 'poetry config http-basic.packhouse __token__ "$PACKHOUSE_TOKEN"';
    return [
      {
        step: 'setup',
        client: 'pip',
        text: [`export PIP_INDEX_URL="${withToken(index)}"`, ...trustedHost(endpoint)].join('\n'),
        note: 'All packages then come from here, and those of the public index (pypi.org) are not found. Do not add it with --extra-index-url: pip takes the highest version of either, whoever published it. To use both, use uv or Poetry, set up as below.',
      },
      {
        step: 'setup',
        client: 'uv',
        file: 'pyproject.toml',
        text: `[[tool.uv.index]]\nname = "packhouse"\nurl = "${index}"\nexplicit = true\n\n[tool.uv.sources]\n${name} = { index = "packhouse" }`,
        note: 'Only the packages listed as sources come from here, all others from the public index. Add a line for each of yours.',
      },
      {
        step: 'setup',
        client: 'uv',
        text: 'export UV_INDEX_PACKHOUSE_USERNAME=__token__ UV_INDEX_PACKHOUSE_PASSWORD="$PACKHOUSE_TOKEN"',
      },
      {
        step: 'setup',
        client: 'Poetry',
        note: 'Only packages added with --source packhouse come from here, all others from the public index.',
        text: `poetry source add --priority=explicit packhouse "${index}"\n${poetryLogin}`,
      },
      {
        step: 'publish',
        client: 'twine',
        text: `twine upload --repository-url "${address}" --username __token__ --password "$PACKHOUSE_TOKEN" dist/*`,
      },
      {
        step: 'publish',
        client: 'uv',
        text: `uv publish --publish-url "${address}" --token "$PACKHOUSE_TOKEN"`,
      },
      {
        step: 'publish',
        client: 'Poetry',
        text: `poetry config repositories.packhouse "${address}"\n${poetryLogin}\npoetry publish --repository packhouse`,
      },
      { step: 'install', client: 'pip', text: `pip install ${spec}` },
      { step: 'install', client: 'uv', text: `uv add ${spec}` },
      { step: 'install', client: 'Poetry', text: `poetry add --source packhouse ${spec}` },
    ];
  },
};

/** What makes pip accept an index without TLS on another machine. */
function trustedHost(endpoint: RegistryEndpoint): string[] {
  return isInsecureElsewhere(endpoint) ? [`export PIP_TRUSTED_HOST="${new URL(endpoint.url).host}"`] : [];
}

/** The URL with credentials in it, for clients that accept them nowhere else. */
function withToken(url: string): string {
  return url.replace('://', '://__token__:$PACKHOUSE_TOKEN@');
}
