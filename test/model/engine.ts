// Temporal, as far as a run can tell: events become workflow tasks, tasks give commands, commands become
// timers and activities. The workflow code runs in the worker's own sandbox, from the worker's own bundle;
// only the server and the SDK's core are stood in for.
//
// A task that would end its execution while something new has come is lost, and so is one whose worker
// dies: the execution is replayed from what was recorded and hears everything again. Local activities of a
// lost task have happened.
import type {
  StartOutcome,
  StartOrder,
  Sighting,
  Engine as ApiEngine,
} from '../../src/api/temporal.js';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  decodeTypedSearchAttributes,
  encodeUnifiedSearchAttributes,
} from '@temporalio/common/lib/converter/payload-search-attributes.js';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk } from '@temporalio/proto';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';
import { TenureRun } from '../../src/contract/search-attributes.js';
import type { Takeover } from '../../src/contract/messages.js';
import { createActivityRuns, type ActivityRun, type Implementations } from './activity-runs.js';
import type { Sandbox } from './sandbox.js';
import { holdingTime } from './time.js';

type Job = coresdk.workflow_activation.IWorkflowActivationJob;
type Activation = coresdk.workflow_activation.IWorkflowActivation;
type Command = coresdk.workflow_commands.IWorkflowCommand;

/** From an event to the workflow task that hears of it. */
const TASK_MS = 10;
/** From a command to its effect elsewhere. */
const SEND_MS = 5;
const LOCAL_MS = 2;

interface Task {
  jobs: Job[];
  activations: Execution['recorded'];
  commands: Command[];
  /** Local activities under way, and their results. */
  pending: number;
  results: Job[];
  isTurning: boolean;
}

interface Execution {
  workflowId: string;
  runId: string;
  type: string;
  attributes: Record<string, Payload>;
  workflow: Workflow | null;
  recorded: { activation: Activation; commands: string }[];
  inbox: Job[];
  task: Task | null;
  isTaskDue: boolean;
  status: 'RUNNING' | 'TERMINATED' | 'COMPLETED' | 'CANCELLED' | 'FAILED' | 'CONTINUED_AS_NEW';
  closedAt: Date | null;
  timers: Map<number, NodeJS.Timeout>;
  activities: Map<number, ActivityRun>;
  events: number;
  /** Updates that were accepted and not answered. */
  unanswered: Set<string>;
}

export interface Engine {
  api: Pick<ApiEngine, 'start' | 'takeover' | 'openRuns' | 'describe' | 'cancel'>;
  signal(workflowId: string, name: string, arg: unknown): boolean;
  update(workflowId: string, name: string, arg: unknown): boolean;
  terminate(workflowId: string): boolean;
  /** The worker dies with everything that it has under way, and another one comes. */
  restartWorker(): void;
  /** What an open execution waits for; null where it is closed. */
  waitsFor(workflowId: string): { timers: number; activities: number } | null;
  /** Lets go of everything. */
  close(): Promise<void>;
}

export interface EngineOptions {
  sandbox: Sandbox;
  activities: () => Implementations;
  /** A workflow task failed, or what else Temporal would not forgive. */
  broken: (what: string) => void;
  note: (line: string) => void;
}

export function createEngine({ sandbox, activities, broken, note }: EngineOptions): Engine {
  const latest = new Map<string, Execution>();
  const all: Execution[] = [];
  const runs = createActivityRuns(activities);
  let count = 0;

  function begin(
    workflowId: string,
    type: string,
    args: Payload[],
    attributes: Record<string, Payload>,
  ): Execution {
    count += 1;
    const execution: Execution = {
      ...{ workflowId, runId: `execution-${count}`, type, attributes, workflow: null },
      ...{ recorded: [], inbox: [], task: null, isTaskDue: false, status: 'RUNNING' },
      ...{ closedAt: null, timers: new Map(), activities: new Map(), events: 1 },
      unanswered: new Set(),
    };
    latest.set(workflowId, execution);
    all.push(execution);
    hear(execution, {
      initializeWorkflow: {
        workflowId,
        workflowType: type,
        arguments: args,
        searchAttributes: { indexedFields: { ...attributes } },
      },
    });
    return execution;
  }

  const open = (workflowId: string): Execution | null => {
    const execution = latest.get(workflowId);
    return execution?.status === 'RUNNING' ? execution : null;
  };

  function hear(execution: Execution, job: Job): void {
    if (execution.status !== 'RUNNING') return;
    execution.inbox.push(job);
    execution.events += 1;
    plan(execution);
  }

  function plan(execution: Execution): void {
    const { task, isTaskDue, inbox, status } = execution;
    if (task !== null || isTaskDue || inbox.length === 0 || status !== 'RUNNING') return;
    execution.isTaskDue = true;
    setTimeout(() => {
      execution.isTaskDue = false;
      if (execution.status === 'RUNNING') work(() => beginTask(execution));
    }, TASK_MS);
  }

  function work(of: () => Promise<void>): void {
    holdingTime(of).catch((error: unknown) => {
      broken(`the model itself: ${String((error as Error).stack)}`);
    });
  }

  async function beginTask(execution: Execution): Promise<void> {
    const jobs = inOrder(execution.inbox.splice(0));
    const task: Task = {
      ...{ jobs, activations: [], commands: [], pending: 0, results: [], isTurning: false },
    };
    execution.task = task;
    execution.events += 2;
    execution.workflow ??= await revive(execution);
    await turn(execution, task, jobs);
  }

  /** A workflow in the sandbox, brought to where the recorded tasks left it. */
  async function revive(execution: Execution): Promise<Workflow> {
    const workflow = await sandbox.create(execution);
    for (const { activation, commands } of execution.recorded) {
      const completion = await workflow.activate({ ...activation, isReplaying: true });
      const now = kindsOf(commandsOf(completion));
      if (now !== commands) broken(`replay gives ${now} where it was ${commands}`);
    }
    return workflow;
  }

  async function turn(execution: Execution, task: Task, jobs: Job[]): Promise<void> {
    const { workflow, runId } = execution;
    if (workflow === null) throw new Error('a task without a workflow');
    task.isTurning = true;
    const activation: Activation = {
      runId,
      timestamp: msToTs(Date.now()),
      historyLength: execution.events,
      availableInternalFlags: [1, 2, 3, 4, 5, 6],
      jobs,
    };
    const completion = await workflow.activate(activation);
    task.isTurning = false;
    if (execution.task !== task) return;
    if (completion.failed != null) {
      broken(
        `a workflow task of ${execution.type} failed: ${sayFailure(completion.failed.failure)}`,
      );
      terminate(execution);
      return;
    }
    const commands = commandsOf(completion);
    task.activations.push({ activation, commands: kindsOf(commands) });
    for (const command of commands) {
      if (command.scheduleLocalActivity != null) beginLocal(execution, task, command);
      else task.commands.push(command);
    }
    await goOn(execution, task);
  }

  async function goOn(execution: Execution, task: Task): Promise<void> {
    const [result] = task.results.splice(0, 1);
    if (result !== undefined) await turn(execution, task, [result]);
    else if (task.pending === 0) conclude(execution, task);
  }

  function beginLocal(
    execution: Execution,
    task: Task,
    { scheduleLocalActivity: command }: Command,
  ): void {
    task.pending += 1;
    setTimeout(() => {
      runs.local(execution, command ?? {}, (result) => {
        task.pending -= 1;
        if (execution.task !== task) return;
        task.results.push({ resolveActivity: { seq: command?.seq ?? 0, result, isLocal: true } });
        if (!task.isTurning) work(() => goOn(execution, task));
      });
    }, LOCAL_MS);
  }

  function conclude(execution: Execution, task: Task): void {
    const { commands, jobs, activations } = task;
    if (commands.some(isLast) && execution.inbox.length > 0) {
      note('a workflow task is lost: something came before it could end the execution');
      lose(execution);
      return;
    }
    execution.task = null;
    execution.events += 1 + commands.length + jobs.length;
    execution.recorded.push(...activations);
    for (const command of lastAtTheEnd(commands)) carryOut(execution, command);
    plan(execution);
  }

  function lose(execution: Execution): void {
    const { task } = execution;
    execution.workflow?.dispose().catch(() => undefined);
    execution.workflow = null;
    execution.task = null;
    if (task === null) return;
    execution.inbox.unshift(...task.jobs);
    plan(execution);
  }

  function carryOut(execution: Execution, command: Command): void {
    const { timers, activities: running } = execution;
    if (command.startTimer != null) {
      const { seq, startToFireTimeout } = command.startTimer;
      const id = seq ?? 0;
      const fire = (): void => {
        timers.delete(id);
        hear(execution, { fireTimer: { seq: id } });
      };
      timers.set(id, setTimeout(fire, tsToMs(startToFireTimeout)));
    } else if (command.cancelTimer != null) {
      const id = command.cancelTimer.seq ?? 0;
      clearTimeout(timers.get(id));
      timers.delete(id);
      execution.inbox = execution.inbox.filter(({ fireTimer }) => fireTimer?.seq !== id);
    } else if (command.scheduleActivity != null) {
      const id = command.scheduleActivity.seq ?? 0;
      const run = runs.begin(execution, command.scheduleActivity, (result) => {
        running.delete(id);
        hear(execution, { resolveActivity: { seq: id, result } });
      });
      running.set(id, run);
    } else if (command.requestCancelActivity != null) {
      running.get(command.requestCancelActivity.seq ?? 0)?.requestCancel();
    } else if (command.upsertWorkflowSearchAttributes != null) {
      const changes = command.upsertWorkflowSearchAttributes.searchAttributes?.indexedFields;
      execution.attributes = { ...execution.attributes, ...(changes as Record<string, Payload>) };
    } else if (command.signalExternalWorkflowExecution != null) {
      const { seq, workflowExecution, signalName, args } = command.signalExternalWorkflowExecution;
      setTimeout(() => {
        const target = open(workflowExecution?.workflowId ?? '');
        if (target !== null) {
          hear(target, { signalWorkflow: { signalName: signalName ?? '', input: args ?? [] } });
        }
        const failure = {
          message: 'no such workflow',
          applicationFailureInfo: { type: 'NotFound', nonRetryable: true },
        };
        hear(execution, {
          resolveSignalExternalWorkflow: {
            seq: seq ?? 0,
            ...(target === null ? { failure } : {}),
          },
        });
      }, SEND_MS);
    } else if (command.completeWorkflowExecution != null) {
      shut(execution, 'COMPLETED');
    } else if (command.cancelWorkflowExecution != null) {
      shut(execution, 'CANCELLED');
    } else if (command.failWorkflowExecution != null) {
      const { failure } = command.failWorkflowExecution;
      note(`execution failed: ${sayFailure(failure)}`);
      if (failure?.applicationFailureInfo?.nonRetryable !== true) {
        broken(`${execution.type} failed: ${sayFailure(failure)}`);
      }
      shut(execution, 'FAILED');
    } else if (command.continueAsNewWorkflowExecution != null) {
      const { workflowType, arguments: args } = command.continueAsNewWorkflowExecution;
      shut(execution, 'CONTINUED_AS_NEW');
      const { workflowId, attributes } = execution;
      begin(workflowId, workflowType ?? '', args ?? [], attributes);
    } else if (command.updateResponse != null) {
      const { protocolInstanceId, accepted } = command.updateResponse;
      if (accepted == null) execution.unanswered.delete(protocolInstanceId ?? '');
      else execution.unanswered.add(protocolInstanceId ?? '');
    } else if (command.cancelSignalWorkflow == null) {
      broken(`a command that the model does not know: ${kindsOf([command])}`);
    }
  }

  function shut(execution: Execution, status: Execution['status']): void {
    execution.status = status;
    execution.closedAt = new Date();
    if (status !== 'TERMINATED' && execution.unanswered.size > 0) {
      broken('an update was accepted and never answered');
    }
    execution.task = null;
    for (const timer of execution.timers.values()) clearTimeout(timer);
    for (const run of execution.activities.values()) run.abandon();
    execution.workflow?.dispose().catch(() => undefined);
    execution.workflow = null;
  }

  function terminate(execution: Execution): void {
    shut(execution, 'TERMINATED');
  }

  const api: Engine['api'] = {
    start: (order) => Promise.resolve(start(order)),
    takeover(order, message) {
      const target = open(order.workflowId) ?? startNew(order);
      hear(target, signalJob('takeover', message satisfies Takeover));
      return Promise.resolve({ kind: 'started', workflowRunId: target.runId });
    },
    openRuns: () =>
      Promise.resolve(
        [...latest.values()]
          .filter(({ status }) => status === 'RUNNING')
          .flatMap((execution) => runOf(execution) ?? []),
      ),
    describe: (workflowId) => Promise.resolve(describe(workflowId)),
    cancel(workflowId) {
      const execution = open(workflowId);
      if (execution === null) return Promise.resolve('gone');
      hear(execution, { cancelWorkflow: {} });
      return Promise.resolve('sent');
    },
  };

  function start(order: StartOrder): StartOutcome {
    if (open(order.workflowId) !== null) return { kind: 'open' };
    return { kind: 'started', workflowRunId: startNew(order).runId };
  }

  function startNew({ workflowId, workflowType, input, searchAttributes }: StartOrder): Execution {
    const attributes = encodeUnifiedSearchAttributes(undefined, searchAttributes);
    return begin(workflowId, workflowType, [payload(input)], attributes);
  }

  function describe(workflowId: string): Sighting | null {
    const execution = latest.get(workflowId);
    if (execution === undefined) return null;
    const { runId: workflowRunId, status, closedAt } = execution;
    const description = {} as Sighting['description'];
    return { workflowRunId, status, run: runOf(execution), closedAt, description };
  }

  return {
    api,
    signal(workflowId, name, arg) {
      const execution = open(workflowId);
      if (execution !== null) hear(execution, signalJob(name, arg));
      return execution !== null;
    },
    update(workflowId, name, arg) {
      const execution = open(workflowId);
      if (execution === null) return false;
      count += 1;
      const id = `update-${count}`;
      const input = [payload(arg)];
      hear(execution, {
        doUpdate: { id, protocolInstanceId: id, name, input, runValidator: true },
      });
      return true;
    },
    terminate(workflowId) {
      const execution = open(workflowId);
      if (execution !== null) terminate(execution);
      return execution !== null;
    },
    restartWorker() {
      for (const execution of latest.values()) {
        if (execution.status !== 'RUNNING') continue;
        for (const run of execution.activities.values()) run.crash();
        lose(execution);
      }
    },
    waitsFor(workflowId) {
      const execution = open(workflowId);
      if (execution === null) return null;
      return { timers: execution.timers.size, activities: execution.activities.size };
    },
    async close() {
      for (const execution of all) {
        if (execution.status === 'RUNNING') terminate(execution);
      }
      await Promise.resolve();
    },
  };
}

function payload(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value);
}

function signalJob(signalName: string, arg: unknown): Job {
  return { signalWorkflow: { signalName, input: [payload(arg)] } };
}

function runOf({ attributes }: Execution): string | null {
  return decodeTypedSearchAttributes(attributes).get(TenureRun) ?? null;
}

/** As the SDK's core puts them: first what begins, then messages, then the rest. */
function inOrder(jobs: Job[]): Job[] {
  const rank = (job: Job): number => {
    if (job.initializeWorkflow != null) return 0;
    return job.signalWorkflow != null || job.doUpdate != null ? 1 : 2;
  };
  return [...jobs].sort((a, b) => rank(a) - rank(b));
}

function commandsOf({
  successful,
}: coresdk.workflow_completion.IWorkflowActivationCompletion): Command[] {
  return successful?.commands ?? [];
}

function isLast(command: Command): boolean {
  return (
    command.completeWorkflowExecution != null ||
    command.cancelWorkflowExecution != null ||
    command.failWorkflowExecution != null ||
    command.continueAsNewWorkflowExecution != null
  );
}

function lastAtTheEnd(commands: Command[]): Command[] {
  return [...commands].sort((a, b) => Number(isLast(a)) - Number(isLast(b)));
}

function kindsOf(commands: Command[]): string {
  return commands
    .map((command) => Object.keys(command).find((name) => name !== 'userMetadata') ?? '')
    .join(' ');
}

function sayFailure(failure: unknown): string {
  return JSON.stringify(failure, (name, value: unknown) => (name === 'source' ? undefined : value));
}
