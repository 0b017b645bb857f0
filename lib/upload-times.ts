/**
 * How long the parts of an upload's way wait, in seconds. Whoever is nearer to the client gives up first where a
 * request is concerned, so that its answer is the one the client sees, and closes idle connections first, so that
 * nobody sends a request into a connection that is just being closed.
 */
export const uploadTimes = {
  /** CloudFront waits for the answer once it has sent the body: the most it does without a raised quota. */
  answer: 120,
  /** CloudFront keeps an idle connection to the load balancer. */
  edgeKeepAlive: 60,
  /** The load balancer gives up a connection on which nothing moves, in either direction. */
  idle: 180,
  /** The server keeps an idle connection of the load balancer. */
  serverKeepAlive: 200,
  /** The load balancer asks the server how it is, and believes a change when it was told so `healthChecks` times. */
  healthInterval: 5,
  healthChecks: 2,
  /** A server that was told to stop still takes what the load balancer sends until that has seen it. */
  drain: 15,
  /** From then on it may finish what is under way, the time before included: the most Fargate grants. */
  stop: 120,
  /**
   * A task that is to be replaced gets no new requests for so long before it is told to stop at all, if uploads last.
   * Every deployment may take as much longer.
   */
  deregister: 900,
} as const;

/** The port of the server in its container, as the Dockerfile has it. */
export const SERVER_PORT = 8080;
