import manifest from '../../package.json' with { type: 'json' };

/** The version of this Packhouse, from `package.json`, which bundles contain. */
export const VERSION: string = manifest.version;
