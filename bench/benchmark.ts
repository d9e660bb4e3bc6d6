// The frame of every benchmark: its arguments, a bound in time, an end to all that it started, and the
// report, as a table or as JSON.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Machine } from './machine.js';
import { isMet, table, type Result } from './table.js';

export interface Report {
  machine: Machine & Record<string, unknown>;
  /** How it was measured: counts, rounds, what the baseline is. */
  settings: Record<string, unknown>;
  results: Result[];
  /** What else is worth keeping; goes to the JSON file only. */
  details: Record<string, unknown>;
  /** Printed below the table. */
  notes: string[];
}

export interface Frame {
  /** Of `--runs`, else the default. */
  runs: number;
  /** An empty directory, removed at the end. */
  directory: string;
  /** Aborted when time is up or somebody stops us. */
  signal: AbortSignal;
  /** What must be ended, newest first, whatever happens. */
  atEnd: (end: () => Promise<unknown>) => void;
  /** Progress, to standard error. */
  say: (line: string) => void;
}

export interface Bounds {
  defaultRuns: number;
  /** A benchmark that takes longer has failed. */
  limitMs: number;
}

/** Runs `measure` as this process. */
export async function benchmark(
  name: string,
  { defaultRuns, limitMs }: Bounds,
  measure: (frame: Frame) => Promise<Report>,
): Promise<never> {
  const options = { json: { type: 'string' }, runs: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const runs = Number(values.runs ?? defaultRuns);
  if (!Number.isInteger(runs) || runs < 2 || runs > 1_000) {
    process.stderr.write('--runs: a whole number from 2 to 1000\n');
    process.exit(2);
  }
  const stop = stopRequests(limitMs);
  const ends: (() => Promise<unknown>)[] = [];
  const directory = await mkdtemp(join(tmpdir(), `tenure-bench-${name}-`));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const say = (line: string) => {
    process.stderr.write(`${line}\n`);
  };
  let code = 1;
  try {
    const atEnd = (end: () => Promise<unknown>) => void ends.push(end);
    const report = await Promise.race([
      measure({ runs, directory, signal: stop, atEnd, say }),
      aborted(stop),
    ]);
    print(report);
    if (values.json !== undefined) await keep(values.json, name, report);
    code = report.results.some((result) => isMet(result) === false) ? 1 : 0;
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  for (const end of ends.toReversed()) {
    await end().catch((error: unknown) => {
      say(String(error));
    });
  }
  process.exit(code);
}

function stopRequests(limitMs: number): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop.abort(new Error(`stopped by ${signal}`));
    });
  }
  setTimeout(() => {
    stop.abort(new Error(`not done within ${limitMs / 1_000} s`));
  }, limitMs).unref();
  return stop.signal;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail);
  });
}

function print({ machine, settings, results, notes }: Report): void {
  const { cores, cpu, memoryGb, system, node, loadBefore, fsyncMs, at, ...more } = machine;
  const facts = [
    `${cores} × ${cpu}, ${memoryGb} GB, ${system}, Node ${node}`,
    ...Object.entries(more).map(([name, value]) => `${name} ${String(value)}`),
    `fsync ${fsyncMs.toFixed(2)} ms`,
    `load before ${loadBefore.toFixed(1)}`,
    at,
  ];
  const busy =
    loadBefore > cores / 2 ? ['Others were at work on this machine: measure again.'] : [];
  const how = Object.entries(settings).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [table(results), '', ...busy, ...notes, '', facts.join(' · '), how.join(' · '), ''];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function keep(file: string, name: string, report: Report): Promise<void> {
  const results = report.results.map((result) => ({ ...result, met: isMet(result) }));
  const content = { benchmark: name, ...report, results };
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
