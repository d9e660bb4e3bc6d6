// A worker with stub activities on a task queue of its own, and the starts and messages that tests use.
import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { adoptKeyWorkflowId, personWorkflowId, runRef } from '../../src/contract/ids.js';
import { TenureRun } from '../../src/contract/search-attributes.js';
import {
  ADOPT_KEY,
  OFFBOARD,
  ONBOARD,
  type OffboardInput,
  type OnboardInput,
} from '../../src/contract/workflows.js';
import { failureConverterPath } from '../../src/crypto/data-converter.js';
import { as } from '../../src/domain/brand.js';
import type { RunRef } from '../../src/domain/run.js';
import type { Stubs } from '../support/stub-activities.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

export interface Started {
  handle: WorkflowHandleWithFirstExecutionRunId;
  run: RunRef;
}

export interface Harness {
  client: Client;
  onboard: (changes?: Partial<OnboardInput>) => Promise<Started>;
  offboard: (changes?: Partial<OffboardInput>) => Promise<Started>;
  input: (changes?: Partial<OffboardInput>) => OffboardInput;
  /** The run is none that it knows of. */
  adoptKey: () => Promise<Started>;
  /** Stops the worker, and starts one with other workflow code. */
  replaceWorker: (codePath: string) => Promise<void>;
  close: () => Promise<void>;
}

export const HOUR = 3_600_000;
export const inMs = (ms: number) => ({ at: new Date(Date.now() + ms).toISOString() });

export function newRun(subject = randomUUID().replaceAll('-', '').slice(0, 16)): RunRef {
  return runRef(as('demo'), as(subject), as(randomUUID()));
}

export async function startHarness({ activities }: Stubs): Promise<Harness> {
  const address = inject('temporalAddress');
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const dataConverter = { failureConverterPath };
  const client = new Client({ connection, dataConverter });
  const taskQueue = `test-${randomUUID()}`;
  const startWorker = async (codePath: string) => {
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      activities,
      dataConverter,
      workflowBundle: { codePath },
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  };
  let stopWorker = await startWorker(inject('workflowBundle'));

  const start = async (type: string, input: OnboardInput | OffboardInput) => ({
    run: input.run,
    handle: await client.workflow.start(type, {
      workflowId: personWorkflowId(input.run.connection, input.run.subjectRef),
      taskQueue,
      args: [input],
      typedSearchAttributes: [{ key: TenureRun, value: input.run.id }],
    }),
  });
  const offboardInput = (changes: Partial<OffboardInput> = {}): OffboardInput => ({
    run: newRun(),
    person: { login: 'ada@example.com', name: 'Ada Lovelace', oktaUserId: null },
    suspendAt: null,
    terms: {
      hold: { kind: 'undoWindow', ms: HOUR },
      removeGroups: false,
      revokeSessions: null,
      whenNotSuspendable: 'park',
    },
    takeover: false,
    contractOf: null,
    ...changes,
  });

  return {
    client,
    input: offboardInput,
    offboard: (changes) => start(OFFBOARD, offboardInput(changes)),
    onboard: (changes) =>
      start(ONBOARD, {
        run: newRun(),
        person: {
          firstName: 'Ada',
          lastName: 'Lovelace',
          email: 'ada@example.com',
          login: 'ada@example.com',
          attributes: {},
        },
        groups: ['Engineering', 'Berlin'],
        startAt: null,
        contractEnd: null,
        activation: 'email',
        onExisting: 'park',
        ...changes,
      }),
    adoptKey: async () => {
      const run = newRun();
      const handle = await client.workflow.start(ADOPT_KEY, {
        workflowId: `${adoptKeyWorkflowId(run.connection)}-${run.requestId}`,
        taskQueue,
        args: [{ connection: run.connection }],
      });
      return { run, handle };
    },
    replaceWorker: async (codePath) => {
      await stopWorker();
      stopWorker = await startWorker(codePath);
    },
    close: async () => {
      await stopWorker();
      await Promise.all([connection.close(), native.close()]);
    },
  };
}
