// Tells many cells at once and prints what came of them: of the matrix one table, a row a call, a
// column a fault; of the cancels a line each that is not as promised.
import {
  breachesAtBoundaries,
  breachesOfCancel,
  nameOfCancel,
  WAYS,
  type CancelCell,
} from './cancels.js';
import {
  breachesIn,
  FAULTS,
  isLong,
  nameOf,
  nameOfPlace,
  nameOfStory,
  placesOf,
  TIMES,
  type Baseline,
  type Cell,
} from './cells.js';
import { KNOWN, KNOWN_OF_CANCELS, type Known } from './known.js';
import type { Rig } from './rig.js';

/** Stories that wait for seconds cost nothing meanwhile; the others want the processor. */
const LANES = { busy: 12, waiting: 48 };
/** As many as are held in a step at once: fewer than a worker's places. */
const BOUNDARIES = 40;

type Mark = 'kept' | 'known' | 'breached';

/** Tells the cells and prints the table; the breaches are returned, in words. */
export async function tellMatrix(
  rig: Rig,
  baselines: readonly Baseline[],
  cells: readonly Cell[],
): Promise<string[]> {
  const marks = new Map<Cell, Mark>();
  const breaches: string[] = [];
  const untold = knownAmong(cells, KNOWN);
  for (const cell of untold) marks.set(cell, 'known');
  const one = async (cell: Cell): Promise<void> => {
    const found = await breachesIn(rig, cell).catch(inWords);
    marks.set(cell, found.length === 0 ? 'kept' : 'breached');
    if (found.length > 0) breaches.push(sayBreach(`${nameOf(cell)}: ${found.join('; ')}`));
    if (marks.size % 100 === 0) print(`${marks.size} of ${cells.length} cells`);
  };
  const told = cells.filter((cell) => !untold.has(cell));
  await Promise.all([
    inLanes(LANES.waiting, told.filter(isLong), one),
    inLanes(
      LANES.busy,
      told.filter((cell) => !isLong(cell)),
      one,
    ),
  ]);
  print(tableOf(baselines, marks));
  sayBreaches('matrix', cells.length, breaches, untold.size);
  return breaches;
}

/** Tells the cells; the breaches are returned, in words. */
export async function tellCancels(rig: Rig, cells: readonly CancelCell[]): Promise<string[]> {
  const breaches: string[] = [];
  const note = (cell: CancelCell, found: string[]): void => {
    if (found.length > 0) breaches.push(sayBreach(`${nameOfCancel(cell)}: ${found.join('; ')}`));
  };
  const untold = knownAmong(cells, KNOWN_OF_CANCELS);
  const told = cells.filter((cell) => !untold.has(cell));
  const atBoundary = told.filter(({ way }) => way === WAYS[0]);
  await inLanes(
    LANES.busy,
    told.filter((cell) => !atBoundary.includes(cell)),
    async (cell) => {
      note(cell, await breachesOfCancel(rig, cell).catch(inWords));
    },
  );
  const unasked = atBoundary.filter(({ index }) => index < 0);
  for (const batch of [unasked, ...inBatches(atBoundary.filter(({ index }) => index >= 0))]) {
    const found = await breachesAtBoundaries(rig, batch);
    batch.forEach((cell, at) => {
      note(cell, found[at] ?? []);
    });
  }
  sayBreaches('cancels', cells.length, breaches, untold.size);
  return breaches;
}

/** At once: whoever stops a long run half-way knows what was found until then. */
function sayBreach(breach: string): string {
  print(`breach: ${breach}`);
  return breach;
}

function sayBreaches(what: string, cells: number, breaches: string[], known: number): void {
  if (known > 0) print(`${known} cells are not told, for a reason that is known`);
  print(`${what}: ${cells} cells, ${breaches.length} breaches`);
}

function knownAmong<C>(cells: readonly C[], known: readonly Known<C>[]): Set<C> {
  return new Set(cells.filter((cell) => known.some(({ is }) => is(cell))));
}

function inWords(error: unknown): string[] {
  return [error instanceof Error ? error.message : String(error)];
}

async function inLanes<T>(
  lanes: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function inBatches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / BOUNDARIES);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * BOUNDARIES, (at + 1) * BOUNDARIES),
  );
}

const SIGNS: Record<Mark, string> = { kept: '+', known: 'k', breached: 'X' };

/** First sign: once, second: thrice; a point where the cell was not asked for. */
function tableOf(baselines: readonly Baseline[], marks: ReadonlyMap<Cell, Mark>): string {
  const signs = new Map([...marks].map(([cell, mark]) => [nameOf(cell), SIGNS[mark]]));
  const width = Math.max(...baselines.flatMap(placesOf).map(({ length }) => length)) + 2;
  const lines = [`${' '.repeat(width)}${FAULTS.map(inColumn).join('')}`];
  for (const baseline of baselines) {
    lines.push('', nameOfStory(baseline));
    for (const place of baseline.places) {
      const row = FAULTS.map((fault) => {
        const names = TIMES.map((times) => nameOf({ baseline, place, fault, times }));
        return inColumn(
          names.map((name) => signs.get(name) ?? '.').join(''),
          FAULTS.indexOf(fault),
        );
      });
      lines.push(`${nameOfPlace(place).padEnd(width)}${row.join('')}`.trimEnd());
    }
  }
  return lines.join('\n');
}

function inColumn(text: string, column: number): string {
  return text.padEnd((FAULTS[column] ?? '').length + 2);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
