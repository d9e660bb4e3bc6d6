// The counters of a run's cost: activities and events in its history, statements in the database's
// own log, calls in the simulated org's.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { OURS, type Insides } from './installation.js';

/** One call as the simulated org logs it. */
export interface OktaCall {
  method: string;
  path: string;
  query: string;
  bucket: string | null;
  status: number | null;
}

export interface HistoryCost {
  activities: number;
  localActivities: number;
  workflowTasks: number;
  events: number;
  kilobytes: number;
}

export async function historyCost(handle: WorkflowHandle): Promise<HistoryCost> {
  const [{ events }, { historyLength, historySize }] = await Promise.all([
    handle.fetchHistory(),
    handle.describe(),
  ]);
  const count = (is: (event: NonNullable<typeof events>[number]) => boolean) =>
    (events ?? []).filter(is).length;
  return {
    activities: count((event) => event.activityTaskScheduledEventAttributes != null),
    localActivities: count(
      (event) => event.markerRecordedEventAttributes?.markerName === 'core_local_activity',
    ),
    workflowTasks: count((event) => event.workflowTaskCompletedEventAttributes != null),
    events: historyLength,
    kilobytes: (historySize ?? NaN) / 1_024,
  };
}

/** A kind of statement, by its first words, and how often it was seen. */
export type StatementCounts = Record<string, number>;

/** Switches the log of statements on while `work` runs. Ours and what the API's sweep asks are left out. */
export async function statementsDuring(
  { database, home }: Insides,
  work: () => Promise<unknown>,
): Promise<StatementCounts> {
  const log = join(home, 'logs', 'postgres.log');
  await database.query(`alter system set log_parameter_max_length = 0`);
  await database.query(`alter system set log_statement = 'all'`);
  await database.query('select pg_reload_conf()');
  // The server reads its settings again at its own pace.
  await sleep(500);
  const { size } = await stat(log);
  await work();
  const { rows } = await database.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1',
    [OURS],
  );
  await database.query('alter system reset all');
  await database.query('select pg_reload_conf()');
  const text = (await readFile(log)).subarray(size).toString('utf8');
  return countStatements(text, new Set(rows.map(({ pid }) => pid)));
}

const STATEMENT = /\[(\d+)\] LOG: {2}(?:statement|execute [^:]*): (.*)/;
const SWEEP = /"started" = .* < clock_timestamp\(\)/;

/** @param without pids of backends that do not count */
export function countStatements(log: string, without: ReadonlySet<number>): StatementCounts {
  const counts: StatementCounts = {};
  // Lines of one statement after its first begin with a tab.
  for (const entry of log.replaceAll('\n\t', ' ').split('\n')) {
    const [, pid, text = ''] = STATEMENT.exec(entry) ?? [];
    if (pid === undefined || without.has(Number(pid)) || SWEEP.test(text)) continue;
    const kind = kindOf(text.replaceAll(/\s+/g, ' '));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Enough to know it by: the tables that it writes, else the beginning of its text. */
function kindOf(statement: string): string {
  const written = [...statement.matchAll(/(insert into|update|delete from) "?([a-z_]+)"?/g)]
    .filter(([, , table]) => table !== 'set')
    .map(([, verb, table]) => `${String(verb)} ${String(table)}`);
  return written.length > 0 ? written.join(' + ') : statement.slice(0, 60);
}

export function total(counts: StatementCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The calls that `work` caused, token calls included, in order. */
export async function oktaCallsDuring(
  { simulator }: Insides,
  work: () => Promise<unknown>,
): Promise<OktaCall[]> {
  await simulator('DELETE', '/requests');
  await work();
  return simulator<OktaCall[]>('GET', '/requests');
}

export function isTokenCall({ path }: OktaCall): boolean {
  return path.startsWith('/oauth2');
}
