import { endpointUrl, type FormatUi } from '../../http/format/format-ui.ts';

/** Setup, publish and install instructions for Python packages. */
export const ui: FormatUi = {
  example: { name: 'acme-widget', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const address = endpointUrl(endpoint, 'pypi');
    const index = `${address}/simple`;
    const spec = `${name}==${version}`;
    const poetryLogin = 'poetry config http-basic.packhouse __token__ "$PACKHOUSE_TOKEN"';
    return [
      { step: 'setup', client: 'pip', text: `export PIP_INDEX_URL="${withToken(index)}"` },
      {
        step: 'setup',
        client: 'uv',
        file: 'pyproject.toml',
        text: `[[tool.uv.index]]\nname = "packhouse"\nurl = "${index}"`,
      },
      {
        step: 'setup',
        client: 'uv',
        text: 'export UV_INDEX_PACKHOUSE_USERNAME=__token__ UV_INDEX_PACKHOUSE_PASSWORD="$PACKHOUSE_TOKEN"',
      },
      {
        step: 'setup',
        client: 'Poetry',
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

/** The URL with credentials in it, for clients that accept them nowhere else. */
function withToken(url: string): string {
  return url.replace('://', '://__token__:$PACKHOUSE_TOKEN@');
}
