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

/**
 * Makes every command of the client fail with `StoreUnavailable` if, after all retries, the service can't be
 * reached, does not respond in time, or fails. Other errors, including throttling, are passed on unchanged.
 */
export function mapOutages(client: Client): void {
  const middleware = (next: Next, context: Context) => async (args: object) => {
    try {
      return await next(args);
    } catch (error) {
      if (!isOutage(error)) throw error;
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

function isOutage(error: unknown): boolean {
  const { name, code, $metadata } = (error ?? {}) as {
    readonly name?: string;
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 500 || name === 'TimeoutError' || connectionErrors.has(code ?? '');
}
