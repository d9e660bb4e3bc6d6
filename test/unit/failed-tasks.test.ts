// What a worker makes of the SDK's log lines about failed workflow tasks.
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createFailedTasks, type NoteTarget } from '../../src/failed-tasks.js';
import { eventually } from '../support/eventually.js';

const REF = '0123456789abcdef';
const line = (runId: string) => ({ message: 'Failing workflow task', meta: { runId } });

function heard() {
  const log: string[] = [];
  const tasks = createFailedTasks(pino({}, { write: (text: string) => log.push(text) }));
  const noted: string[][] = [];
  const asked: string[] = [];
  /** Workflow ids by Temporal's run id. */
  const listed = new Map<string, string>();
  const state = { awayFor: 0 };
  const target = {
    namespace: 'default',
    gatherMs: 5,
    connection: {
      workflowService: {
        listWorkflowExecutions: ({ query }: { query: string }) => {
          asked.push(query);
          if (asked.length <= state.awayFor) return Promise.reject(new Error('away'));
          const executions = [...listed]
            .filter(([runId]) => query.includes(`'${runId}'`))
            .map(([runId, workflowId]) => ({ execution: { runId, workflowId } }));
          return Promise.resolve({ executions });
        },
      },
    },
    troubles: {
      noteFailedTasks: (people: string[]) => {
        noted.push(people);
        return Promise.resolve();
      },
    },
  } as unknown as NoteTarget;
  return { tasks, noted, asked, listed, state, target, log };
}

it('notes failures that come together with one look, and only those of persons', async () => {
  const { tasks, noted, asked, listed, target } = heard();
  tasks.noteIn(target);
  const [person, key, again] = [randomUUID(), randomUUID(), randomUUID()];
  listed.set(person, `person/demo/${REF}`).set(key, 'adopt-key/demo');
  listed.set(again, `person/acme/${REF}`);
  for (const runId of [person, key, person]) tasks.heard(line(runId));
  tasks.heard({ message: 'Workflow failed', meta: { runId: again } });
  await eventually('noted', () => noted.length > 0);
  expect(noted).toEqual([[`person/demo/${REF}`]]);
  expect(asked).toEqual([`RunId IN ('${person}', '${key}')`]);
  tasks.heard(line(again));
  await eventually('noted again', () => noted.length > 1);
  expect(noted[1]).toEqual([`person/acme/${REF}`]);
});

it('keeps what fails before the store is there', async () => {
  const { tasks, noted, listed, target } = heard();
  const runId = randomUUID();
  listed.set(runId, `person/demo/${REF}`);
  tasks.heard(line(runId));
  tasks.noteIn(target);
  await eventually('noted', () => noted.length === 1);
});

it('looks three times for a workflow that is not listed yet, through an outage, and no more', async () => {
  const { tasks, noted, asked, listed, state, target, log } = heard();
  const [late, never] = [randomUUID(), randomUUID()];
  tasks.noteIn(target);
  state.awayFor = 1;
  listed.set(late, `person/demo/${REF}`);
  tasks.heard(line(late));
  tasks.heard(line(never));
  await eventually('three looks', () => asked.length === 3);
  expect(noted).toHaveLength(1);
  expect(asked[2]).toBe(`RunId IN ('${never}')`);
  expect(log.join()).toContain('failed-tasks.failed');
  // The next look is for the next failure alone.
  const next = randomUUID();
  tasks.heard(line(next));
  await eventually('a fourth look', () => asked.length >= 4);
  expect(asked[3]).toBe(`RunId IN ('${next}')`);
});

it('asks for no more than a hundred at once, and for nothing that is no run id', async () => {
  const { tasks, asked, target } = heard();
  tasks.heard(line(`' OR RunId != '`));
  for (let n = 0; n < 150; n += 1) tasks.heard(line(randomUUID()));
  tasks.noteIn(target);
  await eventually('a look', () => asked.length > 0);
  expect(asked[0]?.split(',')).toHaveLength(100);
  expect(asked[0]).not.toContain('OR');
});
