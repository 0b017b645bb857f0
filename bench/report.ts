import type { Bound, Budget } from './budgets.ts';
import { type Comparison, figure, ratio } from './measure/compare.ts';

/** One line of the results. A ratio is how often as much Packhouse does, or takes, as the other. */
export interface Row {
  readonly work: string;
  readonly unit: string;
  readonly packhouse: number;
  readonly verdaccio?: number | undefined;
  readonly bare?: number | undefined;
  readonly toVerdaccio?: number | undefined;
  readonly toBare?: number | undefined;
  /** What the bound against itself judges. */
  readonly itself?: number | undefined;
  readonly budget?: Budget;
}

/** The rows of a comparison: the rate, which the budget judges, and what it cost in processor time. */
export function rowsOf(comparison: Comparison, work: string, budget: Budget = {}): Row[] {
  const rate = {
    packhouse: figure(comparison, 'packhouse', 'rate') ?? Number.NaN,
    verdaccio: figure(comparison, 'verdaccio', 'rate'),
    bare: figure(comparison, 'bare', 'rate'),
    toVerdaccio: ratio(comparison, ['packhouse', 'verdaccio'], 'rate'),
    toBare: ratio(comparison, ['packhouse', 'bare'], 'rate'),
  };
  const cpu = {
    packhouse: figure(comparison, 'packhouse', 'cpu') ?? Number.NaN,
    verdaccio: figure(comparison, 'verdaccio', 'cpu'),
    bare: figure(comparison, 'bare', 'cpu'),
    toVerdaccio: ratio(comparison, ['packhouse', 'verdaccio'], 'cpu'),
    toBare: ratio(comparison, ['packhouse', 'bare'], 'cpu'),
  };
  return [
    { work, unit: '/s', ...rate, budget },
    { work: '  processor time', unit: 'µs', ...cpu },
  ];
}

const columns = [
  'work',
  'unit',
  'Packhouse',
  'Verdaccio',
  'bare Node',
  'to Verdaccio',
  'to bare',
  'budget',
] as const;

/** The rows as a table of Markdown, aligned for a terminal. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.work,
    row.unit,
    amount(row.packhouse),
    amount(row.verdaccio),
    amount(row.bare),
    times(row.toVerdaccio),
    times(row.toBare),
    verdictOf(row),
  ]);
  const widths = columns.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const isText = (column: number) => column < 2 || column === columns.length - 1;
  const line = (values: readonly string[]) =>
    `| ${values.map((value, at) => (isText(at) ? value.padEnd(widths[at] ?? 0) : value.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, at) => (isText(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(columns), line(rule), ...cells.map(line)].join('\n');
}

/** Whether a row keeps to its budget, bound by bound; empty without one. */
export function verdictOf({ budget = {}, toVerdaccio, toBare, itself }: Row): string {
  const judged = [
    judge('Verdaccio', budget.verdaccio, toVerdaccio),
    judge('bare', budget.bare, toBare),
    judge('', budget.itself, itself),
  ];
  return judged.filter((text) => text !== '').join(', ');
}

function judge(other: string, bound: Bound | undefined, value: number | undefined): string {
  if (!bound || value === undefined || Number.isNaN(value)) return '';
  const { atLeast, atMost } = bound;
  const met = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
  const limit = atLeast === undefined ? `at most ${atMost}` : `${atLeast}`;
  return `${met ? 'meets' : 'MISSES'} ${limit}${other === '' ? '' : `x ${other}`}`;
}

function amount(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function times(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;
}
