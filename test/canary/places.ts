// Everything that Tenure leaves anywhere, as bytes: files, rows, Temporal's raw events, processes.
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import pg from 'pg';
import type { Runtime } from '../../src/demo/installation.js';
import type { Place } from './search.js';

const { WorkflowExecutionInfo } = proto.temporal.api.workflow.v1;
const { DescribeWorkflowExecutionResponse } = proto.temporal.api.workflowservice.v1;
const { History } = proto.temporal.api.history.v1;

/** Every file below `directory`, named `<name>/<path>`. One that goes meanwhile is not there. */
export async function filesIn(directory: string, name: string): Promise<Place[]> {
  const found = await Promise.all(
    (await readdir(directory)).map(async (entry) => {
      const [path, where] = [join(directory, entry), `${name}/${entry}`];
      const kind = await lstat(path).catch(gone);
      if (kind === null) return [];
      if (kind.isDirectory()) return filesIn(path, where);
      const bytes = kind.isFile() ? await readFile(path).catch(gone) : null;
      return bytes === null ? [] : [{ where, bytes }];
    }),
  );
  return found.flat();
}

function gone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

/** Every row of every table: all of it as text, and what is bytes as bytes. */
export async function tablesOf(databaseUrl: string): Promise<Place[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const places: Place[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(
        `select t.*, t::text as whole_row_as_text from ${name} as t`,
      );
      const parts = rows.flatMap((row) =>
        Object.values(row).map((value) => (Buffer.isBuffer(value) ? value : text(value))),
      );
      places.push({ where: `table ${name}`, bytes: joined(parts) });
    }
    return places;
  } finally {
    await client.end();
  }
}

/** What a client without our codec gets: of each workflow its history, its description, its entry in lists. */
export async function temporalOf(address: string): Promise<Place[]> {
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection });
  const places: Place[] = [];
  for await (const { workflowId, runId, raw } of workflow.list()) {
    const handle = workflow.getHandle(workflowId, runId);
    const history = await handle.fetchHistory();
    const description = (await handle.describe()).raw;
    places.push(
      { where: 'temporal history', bytes: bytesOf(History.encode(history).finish()) },
      {
        where: 'temporal visibility',
        bytes: joined([
          text(workflowId),
          bytesOf(WorkflowExecutionInfo.encode(raw).finish()),
          bytesOf(DescribeWorkflowExecutionResponse.encode(description).finish()),
        ]),
      },
    );
  }
  await connection.close();
  return places;
}

/** What anybody (command line) and the same user (environment) may see of a process; nothing where there is no /proc. */
export async function processesOf({ pids }: Runtime): Promise<Place[]> {
  const places = Object.entries(pids).flatMap(([part, { pid }]) =>
    ['cmdline', 'environ'].map((file) => ({
      where: `process ${part} ${file}`,
      path: `/proc/${pid}/${file}`,
    })),
  );
  return Promise.all(
    places
      .filter(({ path }) => existsSync(path))
      .map(async ({ where, path }) => ({ where, bytes: await readFile(path) })),
  );
}

export const text = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

export const joined = (parts: readonly Buffer[]): Buffer =>
  Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));

const bytesOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);
