import { StoreUnavailable } from '../../ports/store-unavailable.ts';

/** The part of an AWS client used here; each client has its own types for requests and responses. */
interface Client {
  readonly middlewareStack: {
    add(middleware: never, options: { step: 'initialize'; priority: 'high' }): void;
  };
}

type Next = (args: object) => Promise<object>;

interface Context {
  readonly commandName?: string;
}

/** The options of `mapOutages`. */
export interface OutageOptions {
  /** Whether the caller retries throttled requests itself, so that their errors are passed on unchanged. */
  readonly retriesThrottling?: boolean;
}

/**
 * Makes every command of the client fail with `StoreUnavailable` if, after all retries, the service can't be
 * reached, does not respond in time, fails, or throttles. Other errors are passed on unchanged.
 */
export function mapOutages(client: Client, { retriesThrottling = false }: OutageOptions = {}): void {
  const middleware = (next: Next, context: Context) => async (args: object) => {
    try {
      return await next(args);
    } catch (error) {
      if (!isOutage(error) && (retriesThrottling || !isThrottling(error))) throw error;
      const mayBeWritten = !/^(?:Get|BatchGet|Head|List|Query)/.test(context.commandName ?? '');
      throw new StoreUnavailable('the store failed or did not respond', { cause: error, mayBeWritten });
    }
  };
  client.middlewareStack.add(middleware as never, { step: 'initialize', priority: 'high' });
}

/** Node's codes of connection errors. */
const connectionErrors = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Names of the errors by which services throttle. They have the status 400. */
const throttlingErrors = new Set([
  'KMS.ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

function isThrottling(error: unknown): boolean {
  return error instanceof Error && throttlingErrors.has(error.name);
}

function isOutage(error: unknown): boolean {
  const { name, code, $metadata } = (error ?? {}) as {
    readonly name?: string;
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 500 || name === 'TimeoutError' || connectionErrors.has(code ?? '');
}
