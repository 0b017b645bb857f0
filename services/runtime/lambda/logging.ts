import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Log } from '../../ports/log.ts';
import { maskingReplacer } from '../../registry/accounts/mask-secrets.ts';
import { VERSION } from '../../shared/version.ts';

/** The function's log, with tokens masked. The environment sets its service name and level. */
export const logger = new Logger({ jsonReplacerFn: maskingReplacer });

/** The function's metrics, written into the log. */
export const metrics = new Metrics();

/** The log used by the core. */
export const log: Log = {
  debug: (message, fields = {}) => logger.debug(message, { ...fields }),
  info: (message, fields = {}) => logger.info(message, { ...fields }),
  error: (message, fields = {}) => logger.error(message, { ...fields }),
  get dropsDebug() {
    return logger.getLevelName() !== 'DEBUG' && logger.getLevelName() !== 'TRACE';
  },
};

/** Logs the cold start of a function. */
export function logStart(): void {
  log.info('function started', { version: VERSION, node: process.version });
}
