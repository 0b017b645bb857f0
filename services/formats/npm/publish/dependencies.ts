/** The dependencies in a field as npm reads it: an object, or the lists and texts of old packages. */
export function dependencyMap(field: unknown): Map<string, string> {
  if (typeof field === 'string') return dependencyMap(field.trim().split(/[\s,]+/));
  if (Array.isArray(field)) {
    return new Map(field.filter((each) => typeof each === 'string' && each !== '').map(fromText));
  }
  const entries = typeof field === 'object' && field !== null ? Object.entries(field) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** `name@range` or `name >1`, as old packages list them. */
function fromText(text: string): [string, string] {
  const [name = '', ...rest] = text.trim().split(/(:?[@\s><=])/);
  return [name, rest.join('').replace(/^@/, '').trim()];
}

/** Whether two specifiers are the same, even if a client has rewritten a Git repository's URL. */
export function sameSpec(one: string, other: string): boolean {
  if (one.trim() === other.trim()) return true;
  const repository = repositoryOf(one);
  return repository !== undefined && repository === repositoryOf(other);
}

const HOSTS: ReadonlyMap<string, string> = new Map([
  ['github.com', 'github'],
  ['gitlab.com', 'gitlab'],
  ['bitbucket.org', 'bitbucket'],
  ['git.sr.ht', 'sourcehut'],
  ['gist.github.com', 'gist'],
]);

const SHORT = /^(?:(?<host>github|gitlab|bitbucket|gist|sourcehut):)?(?<path>[\w.~-]+(?:\/[\w.-]+)*)$/;
const LONG =
  /^(?:git\+)?(?:(?:https?|ssh|git|git\+ssh):\/\/)?(?:[^@/]*@)?(?:www\.)?(?<host>[\w.-]+)[:/](?<path>[^:]+)$/;

/** The normalized repository and commit-ish of a specifier; undefined if not on a well-known host. */
function repositoryOf(spec: string): string | undefined {
  const [address = '', commit = ''] = spec.trim().split('#', 2);
  const short = SHORT.exec(address)?.groups;
  if (short?.path && (short.host || /^[^@.][^/]*\/[^/]+$/.test(short.path))) {
    return `${short.host ?? 'github'}:${bare(short.path)}#${commit}`;
  }
  const long = LONG.exec(address)?.groups;
  const host = HOSTS.get(long?.host?.toLowerCase() ?? '');
  return host && long?.path ? `${host}:${bare(long.path)}#${commit}` : undefined;
}

function bare(path: string): string {
  return path.replace(/\/$/, '').replace(/\.git$/, '');
}
