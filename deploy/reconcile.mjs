// After a restore: where Tenure's database and Temporal disagree about which runs are open. Reads both
// and changes nothing, unless told to; exit code 0 where they agree, 1 where not, 2 where it cannot say.
//
//   node deploy/reconcile.mjs                  what differs
//   node deploy/reconcile.mjs --cancel RUN     a workflow whose run is unknown here: undo and end it
//   node deploy/reconcile.mjs --terminate RUN  a workflow whose run is over here: end it, touch nothing
//
// A run that is open here and has no workflow needs nothing: the API finds it within a minute, and parks
// it as ORPHANED.
//
// It takes DATABASE_URL, TEMPORAL_ADDRESS and the rest as the API does.
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { loadConfig } from '../dist/config.js';
import { TenureRun } from '../dist/contract/search-attributes.js';
import { isOpen, OPEN_PHASES } from '../dist/domain/run.js';
import { temporalTarget } from '../dist/temporal-target.js';
import { readSecretFiles } from './secret-files.mjs';

const REASON = 'reconciled after a restore';

async function main() {
  readSecretFiles();
  const names = ['cancel', 'terminate'];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string', multiple: true }])),
  });
  const config = loadConfig(process.env);
  if (config.databaseUrl === null) throw new Error('DATABASE_URL is not set');
  const { connection: address, namespace } = temporalTarget(config);
  const connection = await Connection.connect(address);
  const client = new Client({ connection, namespace });
  const database = new pg.Client({ connectionString: config.databaseUrl });
  await database.connect();
  try {
    const found = await compare(client, database);
    for (const id of values.cancel ?? []) {
      await handleOf(client, found.unknownHere, id).cancel();
      say(`Asked to undo and end: ${id}`);
    }
    for (const id of values.terminate ?? []) {
      await handleOf(client, found.overHere, id).terminate(REASON);
      say(`Terminated: ${id}`);
    }
    return names.some((name) => values[name] !== undefined) ? 0 : tell(found);
  } finally {
    await database.end();
    await connection.close();
  }
}

/** Open workflows by the run that they say they are, against the rows of runs. */
async function compare(client, database) {
  const workflows = [];
  const query = `ExecutionStatus = 'Running' AND ${TenureRun.name} IS NOT NULL`;
  for await (const { workflowId, runId, typedSearchAttributes } of client.workflow.list({
    query,
  })) {
    workflows.push({ id: typedSearchAttributes.get(TenureRun), workflowId, runId });
  }
  const ids = workflows.map(({ id }) => id);
  const { rows } = await database.query(
    'select id, kind, phase, started from runs where phase = any ($1) or id = any ($2) order by seq',
    [OPEN_PHASES, ids],
  );
  const row = (id) => rows.find((candidate) => candidate.id === id);
  return {
    overHere: workflows.filter(({ id }) => row(id) && !isOpen(row(id).phase)),
    unknownHere: workflows.filter(({ id }) => !row(id)),
    // What was never started is the sweep's work: it starts within seconds of the API.
    withoutWorkflow: rows.filter(
      (run) => isOpen(run.phase) && run.started && !ids.includes(run.id),
    ),
  };
}

function tell({ overHere, unknownHere, withoutWorkflow }) {
  list(
    'Open in Temporal, over here: they would act again. Before workers start, --terminate',
    overHere,
  );
  list('Open in Temporal, unknown here: they go on unseen. --cancel, or let them end', unknownHere);
  list(
    'Open here, without a workflow: the API parks them as ORPHANED, and people decide',
    withoutWorkflow,
  );
  const count = overHere.length + unknownHere.length + withoutWorkflow.length;
  if (count === 0) say('Tenure and Temporal agree about every open run.');
  return count === 0 ? 0 : 1;
}

function list(title, runs) {
  if (runs.length === 0) return;
  say(`${title} (${runs.length}):`);
  for (const { id, kind, phase } of runs) say(`  ${[id, kind, phase].filter(Boolean).join('  ')}`);
}

/** By workflow and Temporal's run: what has begun since under that id is not meant. */
function handleOf(client, workflows, id) {
  const { workflowId, runId } = workflows.find((workflow) => workflow.id === id) ?? refuse(id);
  return client.workflow.getHandle(workflowId, runId);
}

function refuse(id) {
  throw new Error(`${id} is not one of those: look at what differs first`);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`tenure: ${error.message}\n`);
  process.exitCode = 2;
}
