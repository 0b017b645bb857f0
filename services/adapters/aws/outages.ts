import { StoreUnavailable } from '../../ports/store-unavailable.ts';

/** The part of an AWS client that this needs; each client types it by its own requests and answers. */
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
 * Lets every command of the client fail with `StoreUnavailable` when the service could not be reached, did not answer
 * in time or failed by itself, also when it was asked again. All other errors stay as they are, throttling among them.
 */
export function tellOutages(client: Client): void {
  const middleware = (next: Next, context: Context) => async (args: object) => {
    try {
      return await next(args);
    } catch (error) {
      if (!isOutage(error)) throw error;
      const mayBeWritten = !/^(?:Get|BatchGet|Head|List|Query)/.test(context.commandName ?? '');
      throw new StoreUnavailable('the store failed or did not answer', { cause: error, mayBeWritten });
    }
  };
  client.middlewareStack.add(middleware as never, { step: 'initialize', priority: 'high' });
}

/** Codes of the errors of connections, as Node has them. */
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
