import type { Bound, Budget } from './budgets.ts';
import { type Comparison, figure, ratio, type Sample, type ServerName } from './measure/compare.ts';

/** One line of the results. A ratio is the figure of Packhouse divided by that of the other. */
export interface Row {
  readonly work: string;
  readonly unit: string;
  readonly packhouse: number;
  readonly verdaccio?: number | undefined;
  readonly bare?: number | undefined;
  readonly nginx?: number | undefined;
  readonly toVerdaccio?: number | undefined;
  readonly toBare?: number | undefined;
  readonly toNginx?: number | undefined;
  /** The ratio that the bound against itself applies to. */
  readonly itself?: number | undefined;
  readonly budget?: Budget;
}

/** The rows of a comparison: the rate, which the budget applies to, and the processor time. */
export function rowsOf(comparison: Comparison, work: string, budget: Budget = {}): Row[] {
  return [
    { work, unit: '/s', ...figuresOf(comparison, 'rate'), budget },
    { work: '  processor time', unit: 'µs', ...figuresOf(comparison, 'cpu') },
  ];
}

/** The same for requests that transfer `size` bytes each: the rate and the processor time are those of a megabyte. */
export function transferRowsOf(
  comparison: Comparison,
  work: string,
  size: number,
  budget: Budget = {},
): Row[] {
  const megabytes = size / 1e6;
  return [
    { work, unit: 'MB/s', ...figuresOf(comparison, 'rate', megabytes), budget },
    { work: '  processor time of a MB', unit: 'µs', ...figuresOf(comparison, 'cpu', 1 / megabytes) },
  ];
}

function figuresOf(comparison: Comparison, of: keyof Sample, scale = 1) {
  const scaled = (name: ServerName) => {
    const value = figure(comparison, name, of);
    return value === undefined ? undefined : value * scale;
  };
  return {
    packhouse: scaled('packhouse') ?? Number.NaN,
    verdaccio: scaled('verdaccio'),
    bare: scaled('bare'),
    nginx: scaled('nginx'),
    toVerdaccio: ratio(comparison, ['packhouse', 'verdaccio'], of),
    toBare: ratio(comparison, ['packhouse', 'bare'], of),
    toNginx: ratio(comparison, ['packhouse', 'nginx'], of),
  };
}

const columns: readonly { readonly title: string; readonly text?: true; cell(row: Row): string }[] = [
  { title: 'work', text: true, cell: (row) => row.work },
  { title: 'unit', text: true, cell: (row) => row.unit },
  { title: 'Packhouse', cell: (row) => amount(row.packhouse) },
  { title: 'Verdaccio', cell: (row) => amount(row.verdaccio) },
  { title: 'nginx', cell: (row) => amount(row.nginx) },
  { title: 'bare Node', cell: (row) => amount(row.bare) },
  { title: 'to Verdaccio', cell: (row) => times(row.toVerdaccio) },
  { title: 'to nginx', cell: (row) => times(row.toNginx) },
  { title: 'to bare', cell: (row) => times(row.toBare) },
  { title: 'budget', text: true, cell: verdictOf },
];

/** The rows as a table of Markdown, aligned for a terminal, without empty columns. */
export function tableOf(rows: readonly Row[]): string {
  const filled = columns
    .map(({ title, text, cell }) => ({ title, text, cells: rows.map(cell) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map((column) => ({
      ...column,
      width: Math.max(column.title.length, ...column.cells.map((cell) => cell.length)),
    }));
  const line = (values: readonly string[]) => `| ${values.join(' | ')} |`;
  const padded = (value: string, { text, width }: (typeof filled)[number]) =>
    text ? value.padEnd(width) : value.padStart(width);
  return [
    line(filled.map((column) => padded(column.title, column))),
    line(filled.map(({ text, width }) => (text ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))),
    ...rows.map((_, index) => line(filled.map((column) => padded(column.cells[index] ?? '', column)))),
  ].join('\n');
}

/** Whether a row meets each bound of its budget; empty without one. */
export function verdictOf({ budget = {}, toVerdaccio, toBare, toNginx, itself }: Row): string {
  const judged = [
    judge('Verdaccio', budget.verdaccio, toVerdaccio),
    judge('nginx', budget.nginx, toNginx),
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
