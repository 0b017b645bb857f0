import type { Log, LogFields } from '../../ports/log.ts';
import { maskSecrets } from '../../registry/accounts/mask-secrets.ts';

const order = ['debug', 'info', 'error', 'silent'] as const;

/** Logs JSON lines at `level` and above, with tokens masked. `write` gets each line with its newline. */
export function jsonLog(level: (typeof order)[number], write: (line: string) => void): Log {
  const lowest = order.indexOf(level);
  const at = (name: 'debug' | 'info' | 'error') => {
    if (order.indexOf(name) < lowest) return () => {};
    return (message: string, fields: LogFields = {}) => {
      const line = { time: new Date().toISOString(), level: name, message, ...fields };
      write(`${maskSecrets(JSON.stringify(line, plainError))}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), error: at('error'), dropsDebug: lowest > 0 };
}

function plainError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
