import {
  parseFileIdentity,
  parseFileName,
  parseFullPath,
  parsePackageName,
  parseTagName,
  parseVersionName,
} from '../../services/domain/names.ts';

/** Makes names of texts, or throws if a text is not one. */
export const named = {
  package: making(parsePackageName),
  version: making(parseVersionName),
  file: making(parseFileName),
  identity: making(parseFileIdentity),
  tag: making(parseTagName),
  path: making(parseFullPath),
};

function making<N>(parse: (text: string) => N | undefined): (text: string) => N {
  return (text) => {
    const name = parse(text);
    if (name === undefined) throw new Error(`not a name: ${text.slice(0, 100)}`);
    return name;
  };
}
