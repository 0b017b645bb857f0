import { type GrantedAction, grantedActions } from '../../../registry/grants/grant.ts';

/** How much of the scopes of a request is granted, in characters: grants have to fit into a header. */
const MAX_LENGTH = 4000;
/** How many scopes, each of which takes a few reads. */
const MAX_SCOPES = 20;

/** What a client asks a grant for. */
export interface RequestedScopes {
  /** Repositories by the path that the client knows, each once. */
  readonly repositories: ReadonlyMap<string, ReadonlySet<GrantedAction>>;
  /** Whether the list of all repositories is requested. */
  readonly catalog: boolean;
}

/**
 * Parses scopes: `repository:acme/tools/app:pull,push`, several of them in one parameter, separated by spaces, or in
 * parameters of their own. What is not understood is left out, as what is not allowed will be, and so are scopes after too
 * many others: clients that ask for one for each source of a mount can do without.
 */
export function parseScopes(parameters: readonly string[]): RequestedScopes {
  const scopes = parameters.flatMap((text) => text.split(' ')).filter((text) => text !== '');
  let length = 0;
  const repositories = new Map<string, Set<GrantedAction>>();
  let catalog = false;
  for (const scope of scopes.slice(0, MAX_SCOPES)) {
    length += scope.length;
    if (length > MAX_LENGTH) break;
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
