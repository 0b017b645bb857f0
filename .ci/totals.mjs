/**
 * Adds up the results of the tiers: `totals.mjs <folder of reports> <tier>...`. Fails when a test failed or was skipped (in
 * CI everything must be there), when a file could not be run, and when a tier has left no report.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...tiers] = process.argv.slice(2);
let passed = 0;
let failed = 0;
const problems = [];
for (const tier of tiers) {
  const path = join(folder, `${tier}.json`);
  if (!existsSync(path)) {
    problems.push(`no report of ${tier}`);
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const file of report.testResults) {
    if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) {
      problems.push(`${tier}: ${file.name} failed: ${file.message}`);
    }
    for (const test of file.assertionResults) {
      if (test.status === 'failed') process.stdout.write(`${tier}: failed: ${test.fullName}\n`);
      else if (test.status !== 'passed') problems.push(`${tier}: skipped in CI: ${test.fullName}`);
    }
  }
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
// What keeps the result from being whole counts as a failure, so that the line never looks better than it is.
failed += problems.length;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
