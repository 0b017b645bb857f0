import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeSettings, settingFlags } from '../../../../services/runtime/server/settings.ts';
import { settingGroups } from '../../../../services/runtime/server/settings-help.ts';

const docs = readFileSync(join(import.meta.dirname, '../../../../docs/settings.md'), 'utf8');

const variableOf = (flag: string) => `PACKHOUSE_${flag.replaceAll('-', '_').toUpperCase()}`;
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

describe('the help for settings', () => {
  test('describes each setting in one group', () => {
    const described = Object.values(settingGroups).flatMap((group) => Object.keys(group).map(kebab));
    expect(described.sort()).toEqual([...settingFlags].sort());
  });

  test('has the meaning, the unit and the default of a setting', () => {
    expect(describeSettings(['linkLifetime', 'dataDir', 'metricsToken'])).toBe(
      [
        '  --link-lifetime <n>      lifetime of a signed link in seconds, 60 to 3600',
        '                           (default: 600)',
        '  --data-dir <directory>   directory for packages and records (default: ./data)',
        '  --metrics-token <token>  token that may read only /-/metrics, at least 20',
        '                           characters',
      ].join('\n'),
    );
  });

  test('starts the description of a long flag on the next line', () => {
    const [first, second] = describeSettings(['pathReservationDays']).split('\n');
    expect(first).toBe('  --path-reservation-days <n>');
    expect(second).toMatch(/^ {27}how many days/);
  });

  test('fits into 80 columns', () => {
    expect(
      describeSettings()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  test('agrees with the documentation about settings and their defaults', () => {
    const undocumented = settingFlags.filter((flag) => !docs.includes(`\`${variableOf(flag)}\``));
    expect(undocumented).toEqual([]);
    const rows = [...docs.matchAll(/^\| `(PACKHOUSE_\w+)` \| `--\S+` \| `([^`]+)` \|/gm)];
    expect(rows.length).toBeGreaterThan(10);
    const help = describeSettings().replaceAll(/\n {3,}/g, ' ');
    const wrong = rows.filter(([, variable = '', value]) => {
      const flag = settingFlags.find((each) => variableOf(each) === variable);
      return !help
        .split('\n')
        .some((line) => line.startsWith(`  --${flag} `) && line.endsWith(`(default: ${value})`));
    });
    expect(wrong.map(([row]) => row)).toEqual([]);
  });
});
