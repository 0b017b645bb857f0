/** The part of an AWS client that faults are added to; each client types it with its own requests and responses. */
interface FaultyClient {
  readonly middlewareStack: { add(middleware: never, options: { step: 'initialize' | 'deserialize' }): void };
}

interface Context {
  readonly commandName?: string;
}

interface Answer {
  readonly output: object;
}

type Next = (args: { readonly input: object }) => Promise<Answer>;

/**
 * Runs `attempt` around every attempt of a command, retries included; `count` counts them from 1.
 * `attempt` may throw instead of sending, or after it; when it does not send by itself, the request is sent after it.
 */
export function onAttempt(
  client: FaultyClient,
  command: string,
  attempt: (count: number, send: () => Promise<void>) => Promise<void> | void,
): void {
  let count = 0;
  const middleware = (next: Next, context: Context) => async (args: { input: object }) => {
    if (context.commandName !== command) return next(args);
    let answer: Answer | undefined;
    const send = async () => {
      answer = await next(args);
    };
    await attempt(++count, send);
    return answer ?? next(args);
  };
  client.middlewareStack.add(middleware as never, { step: 'deserialize' });
}

/** Lets the first `times` requests of these commands reach the service, and then loses their responses. */
export function loseAnswers(client: FaultyClient, commands: readonly string[], times: number): void {
  for (const command of commands) {
    onAttempt(client, command, async (count, send) => {
      if (count > times) return;
      await send();
      throw Object.assign(new Error('the answer was lost'), { name: 'TimeoutError' });
    });
  }
}

/** Lets `change` read and change the input of a command, and `changeOutput` its output. */
export function onCommand<Input extends object, Output extends object>(
  client: FaultyClient,
  command: string,
  change: (input: Input) => void,
  changeOutput?: (output: Output) => void,
): void {
  const middleware = (next: Next, context: Context) => async (args: { input: object }) => {
    if (context.commandName !== command) return next(args);
    change(args.input as Input);
    const answer = await next(args);
    changeOutput?.(answer.output as Output);
    return answer;
  };
  client.middlewareStack.add(middleware as never, { step: 'initialize' });
}
