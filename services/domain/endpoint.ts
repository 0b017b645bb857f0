/** The target of a request's address: a project, a group with everything below it, or the whole instance. */
export interface Endpoint {
  readonly level: 'project' | 'group' | 'instance';
  /** The id or full path of the project or group, decoded; empty for the instance. */
  readonly owner: string;
  /** Whether `owner` is the full path of a project followed by a package's: `acme/tools/app` for `app` in `acme/tools`. */
  readonly continues?: boolean;
}
