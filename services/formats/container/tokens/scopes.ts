import { type GrantedAction, grantedActions } from '../../../registry/grants/grant.ts';

/** The most scopes of one request, and the longest, in characters. */
export const MAX_SCOPES = 10;
/** See `MAX_SCOPES`. */
export const MAX_LENGTH = 600;

/** What a client asks a grant for. */
export interface RequestedScopes {
  /** Repositories by the path that the client knows, each once. */
  readonly repositories: ReadonlyMap<string, ReadonlySet<GrantedAction>>;
  /** Whether the list of all repositories is requested. */
  readonly catalog: boolean;
}

/**
 * Parses scopes: `repository:acme/tools/app:pull,push`, several of them in one parameter, separated by spaces, or in
 * parameters of their own. What is not understood is left out, as what is not allowed will be. Undefined if there are too
 * many.
 */
export function parseScopes(parameters: readonly string[]): RequestedScopes | undefined {
  const scopes = parameters.flatMap((text) => text.split(' ')).filter((text) => text !== '');
  if (scopes.length > MAX_SCOPES || scopes.some(({ length }) => length > MAX_LENGTH)) return undefined;
  const repositories = new Map<string, Set<GrantedAction>>();
  let catalog = false;
  for (const scope of scopes) {
    const start = scope.indexOf(':');
    const end = scope.lastIndexOf(':');
    if (start < 0 || start === end) continue;
    // A class may follow the type: `repository(plugin)`.
    const type = scope.slice(0, start).replace(/\(\w*\)$/, '');
    const name = scope.slice(start + 1, end);
    const actions = scope.slice(end + 1).split(',');
    if (type === 'registry' && name === 'catalog') catalog = true;
    if (type !== 'repository') continue;
    const known = repositories.get(name) ?? new Set();
    repositories.set(name, known);
    for (const action of actions.includes('*') ? grantedActions : actions) {
      const granted = grantedActions.find((each) => each === action);
      if (granted) known.add(granted);
    }
  }
  return { repositories, catalog };
}
