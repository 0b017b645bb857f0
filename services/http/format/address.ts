import { catalog } from '../../catalog.ts';

/**
 * Where a request is going, read from its percent-encoded path. A project or group is named by its number or by its
 * full path, encoded (`a%2Fb`) or, behind a gateway that decodes, with plain slashes: both come out decoded once.
 */
export interface FormatAddress {
  readonly level: 'project' | 'group' | 'instance';
  /** Id or full path of the project or group; empty for the instance. */
  readonly owner: string;
  readonly format: string;
  /** The rest after the format's name, still encoded, with its leading slash and no trailing one. */
  readonly path: string;
  /** The path up to and with the format's name, in canonical spelling: what links in answers start with. */
  readonly prefix: string;
}

const formats = new Set<string>(catalog.map((format) => format.id));

const patterns = [
  { level: 'project', match: /^\/api\/v4\/projects\/(.+?)\/packages\/([a-z_]+)(\/.*)?$/ },
  { level: 'group', match: /^\/api\/v4\/groups\/(.+?)\/-\/packages\/([a-z_]+)(\/.*)?$/ },
  { level: 'instance', match: /^\/api\/v4\/()packages\/([a-z_]+)(\/.*)?$/ },
] as const;

/** The address of a format's endpoint, or undefined when the path leads elsewhere. */
export function formatAddress(path: string): FormatAddress | undefined {
  for (const { level, match } of patterns) {
    const found = match.exec(path);
    const format = found?.[2];
    if (!found || format === undefined || !formats.has(format)) continue;
    const owner = decodeOnce(found[1] ?? '');
    if (owner === undefined) return undefined;
    const rest = found[3] ?? '/';
    return {
      level,
      owner,
      format,
      path: rest.length > 1 && rest.endsWith('/') ? rest.slice(0, -1) : rest,
      prefix: prefixOf(level, owner, format),
    };
  }
  return undefined;
}

/** The canonical prefix of a format's endpoints for an owner (id or full path). */
export function prefixOf(level: FormatAddress['level'], owner: string | number, format: string): string {
  const name = encodeURIComponent(owner);
  if (level === 'project') return `/api/v4/projects/${name}/packages/${format}`;
  return level === 'group' ? `/api/v4/groups/${name}/-/packages/${format}` : `/api/v4/packages/${format}`;
}

/** Percent-decodes a text once; undefined when it is malformed. */
export function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The encoded path of an absolute URL, without its query. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (start < 0) return '/';
  const query = url.indexOf('?', start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
