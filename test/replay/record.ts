// Tells every scenario once on a real server and keeps its history. A new generation goes beside the
// older ones, which stay for as long as runs of theirs may live.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import { stubActivities } from '../support/stub-activities.js';
import { startHarness } from '../workflows/harness.js';
import { SCENARIOS } from './scenarios.js';

/** Raised with every change of the workflow code that older runs could tell. */
const GENERATION = 1;
const HISTORIES = new URL('./histories/', import.meta.url);

it.each(SCENARIOS)('records $name', async ({ name, stubs: overrides, start, then }) => {
  const stubs = stubActivities(overrides);
  const harness = await startHarness(stubs);
  try {
    const { handle, run } = await start(harness);
    await then?.({ handle, run, stubs, harness });
    // The execution that was started: what follows by continue-as-new is another one.
    const first = harness.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId, {
      followRuns: false,
    });
    await first.result().catch(() => undefined);
    await mkdir(HISTORIES, { recursive: true });
    const file = new URL(`${name}.v${GENERATION}.json`, HISTORIES);
    await writeFile(file, `${impersonal(historyToJSON(await first.fetchHistory()))}\n`);
    expect(await readdir(HISTORIES)).toContain(`${name}.v${GENERATION}.json`);
  } finally {
    await harness.close();
  }
});

/** Without what the recording machine was: its identity, and the paths in stack traces. */
function impersonal(history: string): string {
  const parsed: unknown = JSON.parse(history, (key, value: unknown) => {
    if (key === 'identity') return 'recorder';
    if (key === 'encodedAttributes') return withoutStack(value as { data: string });
    return value;
  });
  return JSON.stringify(parsed, null, 1);
}

function withoutStack(payload: { data: string }): { data: string } {
  const said = JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8')) as object;
  const data = JSON.stringify({ ...said, stack_trace: '' });
  return { ...payload, data: Buffer.from(data).toString('base64') };
}
