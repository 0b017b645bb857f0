import { printable } from '../api-client.ts';

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  of(row: T): string | number | null | undefined;
  /** Whether its texts may be shortened on a terminal that is too narrow. */
  readonly shortens?: true;
}

/** The least width to which a column is shortened. */
const LEAST = 8;

/**
 * Renders rows as a table for people, one line each, with the titles above. On a terminal of `width` columns, texts of
 * columns that may be shortened are cut so that lines fit, if that suffices.
 */
export function tableText<T>(rows: readonly T[], columns: readonly Column<T>[], width?: number): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map((column) => printable(String(column.of(row) ?? '')))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => [...(line[index] ?? '')].length)));
  const isCut = columns.map((column) => column.shortens === true);
  narrow(widths, isCut, width);
  const text = lines.map((line) =>
    line
      .map((cell, index) => padded(cell, widths[index] ?? 0, isCut[index] === true))
      .join('  ')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}

/** Makes the widest columns that may be cut narrower until a line fits. */
function narrow(widths: number[], isCut: readonly boolean[], width: number | undefined): void {
  if (width === undefined) return;
  const total = () => widths.reduce((sum, each) => sum + each + 2, -2);
  for (let tooMuch = total() - width; tooMuch > 0; tooMuch--) {
    const widest = widths.reduce(
      (best, each, index) => (isCut[index] && each > (widths[best] ?? 0) ? index : best),
      -1,
    );
    if (widest < 0 || (widths[widest] ?? 0) <= LEAST) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function padded(text: string, width: number, mayCut: boolean): string {
  const letters = [...text];
  if (!mayCut || letters.length <= width) return text + ' '.repeat(Math.max(width - letters.length, 0));
  return `${letters.slice(0, width - 1).join('')}…`;
}
