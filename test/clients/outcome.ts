import { expect } from 'vitest';
import type { Ran } from '../kit/run-program.ts';

/** Waits for a program that must succeed. If it does not, the test fails with all its output. */
export async function succeeded(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  expect(ran.code, ran.seen).toBe(0);
  return ran;
}

/** Waits for a program that must fail; returns the output that its user sees, on one line. */
export async function failed(running: Promise<Ran>): Promise<string> {
  const ran = await running;
  expect(ran.code, ran.seen).not.toBe(0);
  return ran.seen.replaceAll(/[\s│]+/g, ' ');
}
