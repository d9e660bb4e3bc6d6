// Numbers to a table: medians with their spread, the baseline beside them, and whether a target is met.

/** Several measurements of one thing. */
export interface Summary {
  median: number;
  min: number;
  max: number;
  count: number;
}

export interface Target {
  of: 'ratio' | 'value';
  bound: 'at least' | 'at most';
  limit: number;
}

/** One line of the table. */
export interface Result {
  id: string;
  what: string;
  unit: string;
  /** What it is compared with. */
  baseline: Summary | null;
  value: Summary;
  /** Pair by pair where both were measured in the same rounds, else against the baseline's median. */
  ratio: Summary | null;
  target: Target | null;
}

/** @throws where there is no value. */
export function summary(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new Error('nothing was measured');
  const half = sorted.length / 2;
  const lower = sorted[Math.ceil(half) - 1] ?? min;
  const upper = sorted[Math.floor(half)] ?? max;
  return { median: (lower + upper) / 2, min, max, count: sorted.length };
}

/** Of one measurement. */
export function single(value: number): Summary {
  return { median: value, min: value, max: value, count: 1 };
}

/** `values` over `baselines`, pair by pair. */
export function ratios(values: readonly number[], baselines: readonly number[]): Summary {
  return summary(values.map((value, index) => value / (baselines[index] ?? NaN)));
}

/** Null where there is no target. */
export function isMet({ value, ratio, target }: Result): boolean | null {
  if (target === null) return null;
  const measured = target.of === 'ratio' ? (ratio?.median ?? NaN) : value.median;
  return target.bound === 'at least' ? measured >= target.limit : measured <= target.limit;
}

const HEADINGS = ['', 'bare', 'Tenure', 'ratio', 'target', 'met'];
const MET = new Map([
  [true, 'yes'],
  [false, 'NO'],
  [null, ''],
]);

export function table(results: readonly Result[]): string {
  return columns([HEADINGS, ...results.map(cells)]);
}

function cells(result: Result): string[] {
  const { what, unit, baseline, value, ratio, target } = result;
  return [
    unit === '' ? what : `${what} (${unit})`,
    baseline === null ? '' : say(baseline),
    say(value),
    ratio === null ? '' : say(ratio),
    target === null ? '' : `${target.bound} ${target.limit}${target.of === 'ratio' ? ' ×' : ''}`,
    MET.get(isMet(result)) ?? '',
  ];
}

/** `8.1 (7.9–8.4)`; a single measurement has no spread. */
export function say({ median, min, max, count }: Summary): string {
  if (count === 1) return digits(median);
  return `${digits(median)} (${digits(min)}–${digits(max)})`;
}

function digits(value: number): string {
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(places);
}

/** Rows of text in columns; the first is to the left, the others to the right. */
export function columns(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
