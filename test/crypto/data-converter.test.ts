// What Temporal keeps of a failed run, against a real server.
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter, failureConverterPath } from '../../src/crypto/data-converter.js';
import { createDataKey, KeyRing } from '../../src/crypto/key-ring.js';
import type { failing } from './failing-workflow.js';

const MASTER = randomBytes(32);
const dataConverter = createDataConverter(KeyRing.unwrap([createDataKey(1, MASTER)], MASTER));
const CANARY = 'xqzcanaryzqx';
const taskQueue = `converter-${randomUUID()}`;

describe('the history of a failed run', () => {
  let connection: Connection;
  let native: NativeConnection;
  let failed: { error: unknown; history: string };

  beforeAll(async () => {
    // The SDK logs failures as warnings, and one is expected.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const address = inject('temporalAddress');
    connection = await Connection.connect({ address });
    native = await NativeConnection.connect({ address });
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./failing-workflow.ts', import.meta.url)),
      failureConverterPath,
      logger: new DefaultLogger('WARN'),
    });
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowBundle,
      dataConverter,
      activities: {
        refuse: function refuseBy(input: string): Promise<void> {
          throw ApplicationFailure.create({ message: `${input} is refused`, type: 'INNER' });
        },
      },
    });
    const client = new Client({ connection, dataConverter });
    failed = await worker.runUntil(async () => {
      const handle = await client.workflow.start<typeof failing>('failing', {
        taskQueue,
        workflowId: randomUUID(),
        args: [CANARY],
      });
      const error: unknown = await handle.result().catch((caught: unknown) => caught);
      return { error, history: JSON.stringify(await handle.fetchHistory()) };
    });
  });

  afterAll(async () => {
    await connection.close();
    await native.close();
  });

  it('shows types, but no message, stack, input or detail', () => {
    const { history } = failed;
    expect(history).toContain('INNER');
    expect(history).toContain('OUTER');
    expect(history.match(/Encoded failure/g)?.length).toBeGreaterThanOrEqual(3);
    expect(history).not.toContain(CANARY);
    expect(history).not.toContain('is refused');
    expect(history).not.toContain('refuseBy');
    expect(history).not.toContain('data-converter.test');
    expect(clearBytes(history)).not.toContain(CANARY);
  });

  it('gives all of it back to a client with the ring', () => {
    const { error } = failed;
    expect(error).toBeInstanceOf(WorkflowFailedError);
    const outer = (error as WorkflowFailedError).cause as ApplicationFailure;
    expect(outer).toBeInstanceOf(ApplicationFailure);
    expect(outer).toMatchObject({
      message: `the workflow fails for ${CANARY}`,
      type: 'OUTER',
      details: [{ of: CANARY }],
    });
    const activity = outer.cause as ActivityFailure;
    expect(activity).toBeInstanceOf(ActivityFailure);
    expect(activity.cause).toMatchObject({ message: `${CANARY} is refused`, type: 'INNER' });
    expect(activity.cause?.stack).toContain('refuseBy');
  });
});

/** Every run of bytes in the JSON of a history, read as text. */
function clearBytes(history: string): string {
  const bytes = history.match(/"data":\[([\d,]*)\]/g) ?? [];
  const numbered = bytes.map((run) => Buffer.from(JSON.parse(run.slice(7)) as number[]));
  const encoded = (history.match(/"[A-Za-z0-9+/=]{16,}"/g) ?? []).map((text) =>
    Buffer.from(text, 'base64'),
  );
  return [...numbered, ...encoded].map((run) => run.toString('latin1')).join('\n');
}
