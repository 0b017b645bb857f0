/** What is kept of a version: what its POM tells of it. Empty until the POM is there. */
export interface Metadata {
  readonly packaging?: string;
  readonly name?: string;
  readonly description?: string;
  readonly url?: string;
  readonly licenses?: readonly string[];
  readonly parent?: string;
  readonly dependencies?: readonly Dependency[];
}

/** A dependency as the POM states it; what it leaves to a parent is absent. */
export interface Dependency {
  readonly groupId: string;
  readonly artifactId: string;
  readonly version?: string;
  readonly scope?: string;
}

/** What a group tells of a plugin in it. */
export interface Plugin {
  /** By which users call it: `mvn <prefix>:<goal>`. */
  readonly prefix: string;
  readonly name: string;
}
