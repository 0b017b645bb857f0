/** The tasks and results of the generator: the messages between the bench and its child process. */

/** Where requests go. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** The same request repeated for some time. */
export interface RepeatTask extends Target {
  readonly kind: 'repeat';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** The status every response must have. */
  readonly status: number;
  /**
   * Whether the generator polls for responses without sleeping. Waking a process costs the sender time, here 15 µs and
   * more, and a server that is slower than the generator would pay it with every response, a faster one never.
   */
  readonly awake?: boolean;
}

/** Publishes of `count` new versions of npm packages. */
export interface PublishTask extends Target {
  readonly kind: 'publish';
  /** Path of the registry, without a slash at its end. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly count: number;
  /** The start of the names of the packages; a name gets `versionsPerName` versions. */
  readonly name: string;
  readonly versionsPerName: number;
  /** Bytes of each tarball, about. */
  readonly size: number;
}

/** Uploads of a file whose bytes are always the same, by plain PUTs. */
export interface UploadTask extends Target {
  readonly kind: 'upload';
  /** The start of the path of a file; each connection has a file of its own, with its number at the end. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** How often each connection sends its file. */
  readonly count: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** Anything the generator can do. */
export type Task = RepeatTask | PublishTask | UploadTask;

/** The result of a task. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Bytes of the bodies received. */
  readonly bytes: number;
  /** Milliseconds from the first byte of a request to the last one of its response. */
  readonly p50: number;
  readonly p99: number;
  /** Share of one core that the generator itself used. */
  readonly ownLoad: number;
}

/** Messages to the generator: first the task, which it prepares, then the start. */
export type ToGenerator = { readonly prepare: Task } | { readonly go: true };

/** Messages from the generator. */
export type FromGenerator =
  | { readonly ready: true }
  | { readonly result: LoadResult }
  | { readonly failure: string };
