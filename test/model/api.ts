// What the API does with requests and messages, without HTTP: which are taken, which workflow gets them,
// and how orphans are begun anew (that with the real search).
import { createOrphanSearch } from '../../src/api/orphans.js';
import { beginningOf, inputOf, startOrderOf, type RunInput } from '../../src/api/start-order.js';
import { furtherPersonWorkflowId, personWorkflowId, runRef } from '../../src/contract/ids.js';
import type { OffboardInput } from '../../src/contract/workflows.js';
import { as } from '../../src/domain/brand.js';
import { foldLogin } from '../../src/domain/login.js';
import type { JsonValue } from '../../src/domain/okta-user.js';
import { isOpen, type TimeValue } from '../../src/domain/run.js';
import type { Logger } from '../../src/observability/logger.js';
import type { Engine } from './engine.js';
import { GROUPS, loginOf, type Org } from './org.js';
import { JUNK, type Message, type Request } from './life.js';
import type { MemoryStore, Row } from './store.js';
import { iso, MINUTE, SECOND } from './time.js';

export const LOGIN = 'ada@example.com';
const REPEAT_MS = MINUTE;
const ROUND_MS = 25 * SECOND;
const ROUNDS = 4;
const CONNECTION = as<never>('demo');

export interface Api {
  request(request: Request): Promise<string>;
  again(): Promise<string>;
  cancel(row: Row, via: 'api' | 'web'): Promise<string>;
  send(row: Row, message: Message, via: 'update' | 'signal'): string;
  junk(row: Row, which: number): void;
  terminate(row: Row): string;
  /** A round of the search for orphans; one is found in two. */
  search(): Promise<void>;
  /** The run that a message to this one goes to. */
  target(row: Row): Row;
}

export function createApi({
  engine,
  store,
  org,
}: {
  engine: Engine;
  store: MemoryStore;
  org: Org;
}): Api {
  let count = 0;
  let last: { request: Request; row: Row | null; login: string } | null = null;
  const log = { warn: () => undefined, info: () => undefined } as unknown as Logger;
  const search = createOrphanSearch({ runs: store.orphans, engine: engine.api, log });

  const inMs = (ms: number): TimeValue => ({ at: iso(Date.now() + ms) });

  function inputFor(request: Request, login: string): RunInput {
    count += 1;
    const subjectRef = Buffer.from(foldLogin(login)).toString('hex').padEnd(16, '0').slice(0, 16);
    const requestId = `00000000-0000-7000-8000-${String(count).padStart(12, '0')}`;
    const run = runRef(CONNECTION, as(subjectRef), as(requestId));
    if (request.kind === 'onboarding') {
      const { groups, startInMs, endsInMs, activation, onExisting, department } = request;
      return {
        kind: 'onboarding',
        input: {
          run,
          person: {
            ...{ firstName: 'Ada', lastName: 'Lovelace', email: login, login },
            attributes: department === null ? {} : { department },
          },
          groups: GROUPS.slice(0, groups),
          startAt: startInMs === null ? null : inMs(startInMs),
          contractEnd:
            endsInMs === null
              ? null
              : {
                  endsAt: inMs(Math.max(endsInMs, (startInMs ?? 0) + MINUTE)),
                  requestId: as(requestId.replace('-7000-', '-7001-')),
                  terms: {
                    hold: { kind: 'undoWindow', ms: 60 * MINUTE },
                    ...{ removeGroups: 'direct', revokeSessions: null },
                    whenNotSuspendable: 'park',
                  },
                },
          ...{ activation, onExisting },
        },
      };
    }
    const { suspendInMs, holdMs, deprovisions, removeGroups, revokeSessions } = request;
    return {
      kind: 'offboarding',
      input: {
        run,
        person: { login, name: null, oktaUserId: null },
        suspendAt: suspendInMs === null ? null : inMs(suspendInMs),
        terms: {
          hold: deprovisions
            ? { kind: 'deprovisionAt', at: inMs((suspendInMs ?? 0) + holdMs + SECOND) }
            : { kind: 'undoWindow', ms: holdMs },
          ...{ removeGroups, revokeSessions, whenNotSuspendable: request.whenNotSuspendable },
        },
        ...{ takeover: request.takeover, contractOf: null },
      },
    };
  }

  async function begin(request: Request, login: string, earlier: Row | null): Promise<string> {
    const run = inputFor(request, login);
    const isTakeover = request.kind === 'offboarding' && request.takeover;
    const [inTheWay] = store.openFor(login);
    last = { request, row: null, login };
    if (inTheWay !== undefined && !isTakeover) return `refused, ${inTheWay.run.id} is open`;
    if (earlier !== null) {
      run.input.earlier = { run: earlier.run.id, oktaUserId: earlier.oktaUserId };
    }
    const { run: ref } = run.input;
    const used = store.rows
      .filter(({ phase }) => isOpen(phase))
      .map(({ workflowId }) => workflowId);
    const workflowId =
      inTheWay?.workflowId ??
      [personWorkflowId(ref.connection, ref.subjectRef), furtherPersonWorkflowId(ref)].find(
        (id) => !used.includes(id),
      ) ??
      '';
    const row: Row = {
      ...{ run: ref, kind: run.kind, outcome: null, version: 0, problem: null, undoing: false },
      ...beginningOf(run),
      ...{ isStarted: false, isTakeover, isFinished: false, account: null, oktaUserId: null },
      ...{ shownLogin: null, login, subjects: new Set([foldLogin(login)]), workflowId },
      ...{ previous: earlier?.run.id ?? null, next: null, continuesAs: null, supersededBy: null },
      ...{ deedDone: false, createdAt: Date.now(), finishedAt: null, steps: new Map() },
      input: run.input as unknown as JsonValue,
    };
    store.add(row);
    const begun = await startRow(row);
    if (!begun) {
      store.rows.splice(store.rows.indexOf(row), 1);
      return 'refused, the workflow is still closing';
    }
    last = { request, row, login };
    return `${ref.id} begins`;
  }

  async function startRow(row: Row): Promise<boolean> {
    if (row.input === null) return false;
    const order = startOrderOf(inputOf(row.kind, row.input), row.workflowId);
    const outcome = row.isTakeover
      ? await engine.api.takeover(order, {
          ...{ actionId: row.run.requestId, runId: row.run.id, requestedBy: null, reason: null },
          input: order.input as OffboardInput,
        })
      : await engine.api.start(order);
    if (outcome.kind !== 'started') return false;
    row.isStarted = true;
    return true;
  }

  function currentLogin(): string {
    const ids = store.rows.map(({ oktaUserId }) => oktaUserId).filter((id) => id !== null);
    const account = ids.map((id) => org.accounts.get(id)).find((each) => each !== undefined);
    return account === undefined ? LOGIN : loginOf(account.profile);
  }

  function base(row: Row) {
    count += 1;
    return {
      ...{ actionId: `action-${count}`, runId: row.run.id, requestedBy: null, reason: null },
    };
  }

  const api: Api = {
    request: (request) =>
      begin(
        request,
        request.kind === 'offboarding' && request.byCurrentLogin ? currentLogin() : LOGIN,
        null,
      ),

    async again() {
      if (last?.row === undefined || last.row === null) return 'nothing to repeat';
      const { row, request, login } = last;
      if (isOpen(row.phase) && !row.undoing) {
        if (row.kind === 'onboarding' || !row.deedDone) return 'the same run';
        engine.update(row.workflowId, 'lookAgain', base(row));
        return 'looks again';
      }
      const isRepeat = row.phase === 'completed' && row.outcome !== 'superseded';
      const sinceMs = Date.now() - (row.finishedAt ?? 0);
      if (isRepeat && row.kind === 'onboarding' && sinceMs <= REPEAT_MS) return 'the same run';
      return begin(request, login, isRepeat ? row : null);
    },

    async cancel(row, via) {
      const { workflowId } = row;
      const seen = await engine.api.describe(workflowId);
      if (seen === null) return 'no such workflow';
      if (via === 'api' && (!isOpen(row.phase) || !row.actions.includes('cancel')))
        return 'refused';
      if (via === 'api' && seen.run !== row.run.id && row.previous !== seen.run) return 'refused';
      return engine.api.cancel(workflowId);
    },

    send(row, message, via) {
      const { name } = message;
      const wanted = name === 'lookAgain' ? null : name;
      if (
        via === 'update' &&
        (!isOpen(row.phase) || (wanted !== null && !row.actions.includes(wanted)))
      ) {
        return 'refused';
      }
      const heard = engine[via](row.workflowId, name, { ...base(row), ...fieldsOf(message) });
      return heard ? 'sent' : 'nobody hears';
    },

    junk(row, which) {
      const junk = JUNK[which];
      if (junk !== undefined) engine.signal(row.workflowId, junk.name, junk.arg);
    },

    terminate(row) {
      if (!engine.terminate(row.workflowId)) return 'over already';
      for (let round = 1; round <= ROUNDS; round += 1) {
        setTimeout(() => void searchOnce(), round * ROUND_MS);
      }
      return 'terminated';
    },

    search: searchOnce,

    target(row) {
      const next = row.continuesAs === null ? undefined : store.row(row.continuesAs);
      return !isOpen(row.phase) && next !== undefined ? api.target(next) : row;
    },
  };
  return api;

  /** The search, and the sweep of what was never started. */
  async function searchOnce(): Promise<void> {
    await search();
    for (const row of store.rows.filter(({ isStarted, phase }) => !isStarted && isOpen(phase))) {
      await startRow(row);
    }
  }

  function fieldsOf(message: Message): object {
    switch (message.name) {
      case 'reschedule':
        return { changes: { [message.deadline]: inMs(message.inMs) } };
      case 'expedite':
        return { what: message.what };
      case 'resolve':
        return { decision: message.decision };
      case 'lookAgain':
        return {};
    }
  }
}
