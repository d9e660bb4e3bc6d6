// What there is to judge by when all is over: the org's users, the database's rows, Temporal's open
// workflows. It reads, and never through Tenure's own API.
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { TenureRun } from '../../src/contract/search-attributes.js';
import type { Runtime } from '../../src/demo/installation.js';
import type { Org, OrgUser } from './org.js';

export interface RunRow {
  id: string;
  phase: string;
  outcome: string | null;
  started: boolean;
  previous: string | null;
}

export interface StepRow {
  run: string;
  name: string;
  status: string;
}

export interface LedgerRow {
  run: string;
  key: string;
  action: string;
}

export interface WorkflowRow {
  /** The run that it says it is. */
  run: string | null;
  status: string;
}

export interface Evidence {
  users: OrgUser[];
  runs: RunRow[];
  steps: StepRow[];
  ledger: LedgerRow[];
  workflows: WorkflowRow[];
}

export async function gather(runtime: Runtime, org: Org): Promise<Evidence> {
  const [users, rows, workflows] = await Promise.all([
    org.users(),
    withDatabase(runtime, async (query) => ({
      runs: await query<RunRow>('select id, phase, outcome, started, previous from runs'),
      steps: await query<StepRow>('select run, name, status from run_steps'),
      ledger: await query<LedgerRow>('select run, key, action from ledger order by seq'),
    })),
    workflowsOf(runtime),
  ]);
  return { users, workflows, ...rows };
}

/** How many runs are neither waiting for a moment nor over; unstarted ones count. */
export function countUnderWay(runtime: Runtime): Promise<number> {
  return withDatabase(runtime, async (query) => {
    const [row] = await query<{ count: number }>(
      `select count(*)::int as count from runs where not started or phase in ('running', 'parked')`,
    );
    return row?.count ?? 0;
  });
}

type Query = <T extends object>(text: string) => Promise<T[]>;

async function withDatabase<T>(
  { databaseUrl }: Runtime,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(async <R extends object>(text: string) => (await client.query<R>(text)).rows);
  } finally {
    await client.end();
  }
}

async function workflowsOf({ temporal }: Runtime): Promise<WorkflowRow[]> {
  const connection = await Connection.connect({ address: temporal });
  try {
    const found: WorkflowRow[] = [];
    for await (const execution of new Client({ connection }).workflow.list()) {
      const run = execution.typedSearchAttributes.get(TenureRun) ?? null;
      found.push({ run, status: execution.status.name });
    }
    return found;
  } finally {
    await connection.close();
  }
}
