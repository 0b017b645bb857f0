import { endpointOf, type FormatUi } from '../../http/format/format-ui.ts';

/** What people are shown of Python packages. */
export const ui: FormatUi = {
  example: { name: 'acme-widget', version: '1.0.0' },
  snippets(place, { name, version }) {
    const endpoint = endpointOf(place, 'pypi');
    const index = `${endpoint}/simple`;
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
        text: `twine upload --repository-url "${endpoint}" --username __token__ --password "$PACKHOUSE_TOKEN" dist/*`,
      },
      {
        step: 'publish',
        client: 'uv',
        text: `uv publish --publish-url "${endpoint}" --token "$PACKHOUSE_TOKEN"`,
      },
      {
        step: 'publish',
        client: 'Poetry',
        text: `poetry config repositories.packhouse "${endpoint}"\n${poetryLogin}\npoetry publish --repository packhouse`,
      },
      { step: 'install', client: 'pip', text: `pip install ${spec}` },
      { step: 'install', client: 'uv', text: `uv add ${spec}` },
      { step: 'install', client: 'Poetry', text: `poetry add --source packhouse ${spec}` },
    ];
  },
};

/** The address with credentials in it, for clients that take them from nowhere else. */
function withToken(url: string): string {
  return url.replace('://', '://__token__:$PACKHOUSE_TOKEN@');
}
