import { STATUS_CODES } from 'node:http';
import { expect, test } from 'vitest';
import { type ErrorCode, RegistryError } from '../../../services/domain/errors.ts';

test.each<ErrorCode>([
  'invalidRequest',
  'invalidParameter',
  'conflict',
  'preconditionFailed',
  'uploadStalled',
])('%s has a message of its own, not the reason phrase of a status', (code) => {
  expect(Object.values(STATUS_CODES)).not.toContain(new RegistryError(code).message);
});
