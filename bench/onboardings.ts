// Onboardings of people that nobody knows yet, into two groups, and how one is started: by the client
// alone, its row written before, or through the API as anybody would.
import { randomUUID } from 'node:crypto';
import { personWorkflowId, runRef } from '../src/contract/ids.js';
import type { OnboardInput } from '../src/contract/workflows.js';
import { keyId } from '../src/api/auth.js';
import { newRequestId } from '../src/api/request-id.js';
import { beginningOf, startOrderOf } from '../src/api/start-order.js';
import { as, type ConnectionId, type RunId } from '../src/domain/brand.js';
import type { JsonValue } from '../src/domain/okta-user.js';
import { json, type Insides } from './installation.js';

const CONNECTION = as<ConnectionId>('demo');
const GROUPS = ['Engineering', 'Sales'];

/** Written to the database, not started. */
export interface Prepared {
  id: RunId;
  workflowId: string;
  /** Resolves to Temporal's run id. */
  start: () => Promise<string>;
}

export function newPerson(): { firstName: string; lastName: string; email: string } {
  return { firstName: 'Bench', lastName: 'Mark', email: `bench-${randomUUID()}@example.com` };
}

/** The row counts as started from the beginning, so that no sweep starts it before we do. */
export async function prepareOnboarding(insides: Insides): Promise<Prepared> {
  const { store, engine, installation } = insides;
  const person = newPerson();
  const input: OnboardInput = {
    run: runRef(CONNECTION, store.subjectRef(person.email), newRequestId()),
    person: { ...person, login: person.email, attributes: {} },
    groups: GROUPS,
    startAt: null,
    contractEnd: null,
    activation: 'email',
    onExisting: 'park',
  };
  const run = { kind: 'onboarding', input } as const;
  const { run: row } = await store.runs.accept({
    run: input.run,
    workflowIds: [personWorkflowId(input.run.connection, input.run.subjectRef)],
    kind: 'onboarding',
    ...beginningOf(run),
    login: person.email,
    name: `${person.firstName} ${person.lastName}`,
    requestedBy: 'bench',
    reason: null,
    requestHash: randomUUID(),
    input: input as unknown as JsonValue,
    apiKeyId: keyId(installation.key),
    takeover: false,
  });
  await store.runs.markStarted(input.run.id, null);
  const order = startOrderOf(run, row.workflowId);
  return { id: input.run.id, workflowId: order.workflowId, start: () => begin(engine, order) };
}

async function begin(
  engine: Insides['engine'],
  order: ReturnType<typeof startOrderOf>,
): Promise<string> {
  const outcome = await engine.start(order);
  if (outcome.kind !== 'started') throw new Error(`an onboarding did not start: ${outcome.kind}`);
  return outcome.workflowRunId;
}

/** POST /v1/onboardings; resolves to the run's id. */
export async function requestOnboarding({ installation }: Insides): Promise<string> {
  const { id } = await json<{ id: string }>(
    'POST',
    `${installation.runtime.api}/v1/onboardings`,
    { connection: CONNECTION, person: newPerson(), groups: GROUPS, requestedBy: 'bench' },
    { authorization: `Bearer ${installation.key}` },
  );
  return id;
}

/** @throws unless all of these runs are completed as wished. */
export async function requireDone({ database }: Insides, ids: readonly string[]): Promise<void> {
  const { rows } = await database.query<{ id: string; phase: string; outcome: string | null }>(
    `select id, phase, outcome from runs
     where id = any ($1) and (phase <> 'completed' or outcome is distinct from 'done')`,
    [ids],
  );
  const [first] = rows;
  if (first === undefined) return;
  throw new Error(
    `${rows.length} of ${ids.length} onboardings are not done; ${first.id} is ${first.phase}, ${String(first.outcome)}`,
  );
}
