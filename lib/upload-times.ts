/**
 * Timeouts along the path of an upload, in seconds. For requests, hops closer to the client time out first, so
 * that the client sees their response. Idle connections are also closed first by the hop closer to the client, so
 * that no request is sent on a connection that is being closed.
 */
export const uploadTimes = {
  /** How long CloudFront waits for the response after sending the body: the maximum without a raised quota. */
  answer: 120,
  /** How long CloudFront keeps an idle connection to the load balancer. */
  edgeKeepAlive: 60,
  /** How long the load balancer keeps a stalled connection, in either direction. */
  idle: 180,
  /** How long the server keeps an idle connection from the load balancer. */
  serverKeepAlive: 200,
  /** The interval of health checks, and how many consecutive results change the state of a server. */
  healthInterval: 5,
  healthChecks: 2,
  /** How long a stopping server still accepts requests, until the load balancer has noticed. */
  drain: 15,
  /** How long a stopping server has in total, including `drain`, to finish requests: the maximum of Fargate. */
  stop: 120,
  /**
   * How long a task that is being replaced may finish uploads without getting new ones, before it is told to stop.
   * It can prolong a deployment by as much.
   */
  deregister: 900,
} as const;

/** The port of the server in its container, as in the Dockerfile. */
export const SERVER_PORT = 8080;
