import { endpointUrl, type FormatUi } from '../../http/format/format-ui.ts';

/** Publish and install instructions for generic packages. */
export const ui: FormatUi = {
  example: { name: 'tool', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const file = `${endpointUrl(endpoint, 'generic')}/${name}/${version}/${name}.zip`;
    return [
      {
        step: 'publish',
        client: 'curl',
        text: `curl --fail-with-body --header "PRIVATE-TOKEN: $PACKHOUSE_TOKEN" --upload-file ${name}.zip "${file}"`,
      },
      {
        step: 'install',
        client: 'curl',
        text: `curl --fail-with-body --location --header "PRIVATE-TOKEN: $PACKHOUSE_TOKEN" --remote-name "${file}"`,
      },
      { step: 'install', client: 'wget', text: `wget --header="PRIVATE-TOKEN: $PACKHOUSE_TOKEN" "${file}"` },
    ];
  },
};
