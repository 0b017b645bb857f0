/** What the generator is told to do, and what it answers: the words between the bench and its child process. */

/** Where requests go. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Requests that are the same again and again, for a time. */
export interface RepeatTask extends Target {
  readonly kind: 'repeat';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** The status every answer must have. */
  readonly status: number;
  /**
   * Whether the generator looks for answers without ever sleeping. Waking a process up costs whoever sends to it, here
   * 15 µs and more, and a server that is slower than the generator would pay it with every answer, a faster one never.
   */
  readonly awake?: boolean;
}

/** Publishes of new versions of npm packages, as many as told. */
export interface PublishTask extends Target {
  readonly kind: 'publish';
  /** Path of the registry, without a slash at its end. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly count: number;
  /** What the names of the packages start with; a name takes `versionsPerName` versions. */
  readonly name: string;
  readonly versionsPerName: number;
  /** Bytes of each tarball, about. */
  readonly size: number;
}

/** Uploads of a file whose bytes are always the same, by plain PUTs. */
export interface UploadTask extends Target {
  readonly kind: 'upload';
  /** What the path of a file starts with; each connection has a file of its own, which a number tells. */
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

/** What came of a task. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Bytes of the bodies received. */
  readonly bytes: number;
  /** Milliseconds from the first byte of a request to the last one of its answer. */
  readonly p50: number;
  readonly p99: number;
  /** Share of one core that the generator itself used. */
  readonly ownLoad: number;
}

/** Messages to the generator: first the task, which it makes ready for, then the start. */
export type ToGenerator = { readonly prepare: Task } | { readonly go: true };

/** Messages from the generator. */
export type FromGenerator =
  | { readonly ready: true }
  | { readonly result: LoadResult }
  | { readonly failure: string };
