// Text for a terminal of some width: cut, broken, in columns. Pure. A character is as wide as terminals
// draw it (Unicode's East Asian Width), so that names in any script stay in their columns.

const CONTROL = /[^\P{Cc}\n]/gu;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;
const DOUBLE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

/** Without control characters: what Okta or a request says must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, '');
}

/** Columns that the text takes. */
export function widthOf(text: string): number {
  return Array.from(text).reduce((sum, char) => sum + charWidth(char), 0);
}

function charWidth(char: string): number {
  if (NO_WIDTH.test(char)) return 0;
  return DOUBLE.test(char) || char.length > 1 ? 2 : 1;
}

/** As much of the text as fits, with an ellipsis in place of the rest. */
export function clipped(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  for (const char of text) {
    if (widthOf(kept + char) > columns - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Filled up with blanks to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/**
 * Broken between words into lines of at most `columns`; further lines are indented as the first is,
 * and by `hang`. A word that is longer than a line, such as an id or a URL, stays whole.
 */
export function wrapped(line: string, columns: number, hang = 0): string[] {
  const indent = ' '.repeat(/^ */.exec(line)?.[0].length ?? 0);
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  for (const word of line.trimStart().split(' ')) {
    const longer = isEmpty ? current + word : `${current} ${word}`;
    if (isEmpty || widthOf(longer) <= columns) {
      current = longer;
    } else {
      lines.push(current);
      current = `${indent}${' '.repeat(hang)}${word}`;
    }
    isEmpty = false;
  }
  return [...lines, current];
}

/** Rows with their columns under each other, as wide as the widest cell of each. */
export function aligned(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) => joined(row, widths, gap));
}

/**
 * The same in at most `columns`: the widest of the columns named in `elastic` give way, and are clipped.
 * Where none of them can give way any further, it stays wider.
 */
export function fitted(
  rows: readonly (readonly string[])[],
  columns: number,
  elastic: readonly number[],
): string[] {
  const gap = 2;
  const widths = columnWidths(rows);
  const total = () => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > columns) {
    const widest = elastic.reduce((best, index) =>
      (widths[index] ?? 0) > (widths[best] ?? 0) ? index : best,
    );
    if ((widths[widest] ?? 0) <= LEAST_COLUMN) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.map((row) =>
    joined(
      row.map((cell, index) => clipped(cell, widths[index] ?? 0)),
      widths,
      gap,
    ),
  );
}

const LEAST_COLUMN = 6;

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  );
}

function joined(row: readonly string[], widths: readonly number[], gap: number): string {
  return row
    .map((cell, index) => padded(cell, widths[index] ?? 0))
    .join(' '.repeat(gap))
    .trimEnd();
}
