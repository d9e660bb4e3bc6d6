// A store in memory that keeps the promises the API relies on, and can be told to be away.
import { createHash } from 'node:crypto';
import { as, type ConnectionId, type RunId, type SubjectRef } from '../../src/domain/brand.js';
import { foldLogin } from '../../src/domain/login.js';
import { DEFAULT_SETTINGS, type Connection } from '../../src/domain/connection.js';
import type { JsonValue } from '../../src/domain/okta-user.js';
import { isOpen, type RunEvent, type RunRecord } from '../../src/domain/run.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import type { AppDeps } from '../../src/api/deps.js';
import type { Acceptance, ApiKey, NewConnection, NewRun } from '../../src/store/store.js';

/** Tests of these use the real store. */
const notHere = () => Promise.reject(new Error('the store in memory cannot do this'));

const forWorkers = () => Promise.reject(new Error('for workers only'));

interface Row {
  record: RunRecord;
  request: NewRun | null;
}

export function fakeStore() {
  const connections = new Map<string, Connection & { privateJwk: Record<string, unknown> }>();
  const rows = new Map<RunId, Row>();
  const keys = new Map<string, { key: ApiKey; hash: Buffer }>();
  const claims = new Map<string, { bodyHash: string; answer: [number, string] | null }>();
  const notes: (RunEvent & { run: RunId; apiKeyId: string | null })[] = [];
  const decodes: { apiKeyId: string | null; payloads: number }[] = [];
  const state = { isAway: false };

  /** Every method of a repository rejects while the database is away. */
  function guarded<T extends object>(repository: T): T {
    return new Proxy(repository, {
      get: (target, name, receiver) => {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown =>
          state.isAway
            ? Promise.reject(new StoreUnavailableError('The database does not answer (test).'))
            : Reflect.apply(member, target, args);
      },
    });
  }

  const newest = () => [...rows.values()].map(({ record }) => record).reverse();
  const ofPerson = (connection: string, subjectRef: string) =>
    newest().filter((run) => run.connection === connection && run.subjectRef === subjectRef);
  /** As long as Okta has not shown another login for its account. */
  const openOf = (connection: string, subjectRef: string) =>
    ofPerson(connection, subjectRef).find(
      (run) => isOpen(run.phase) && store.subjectRef(run.person.login) === subjectRef,
    );
  const workflowIdFor = ({ workflowIds }: NewRun, open: RunRecord | undefined): string => {
    const used = newest()
      .filter((run) => isOpen(run.phase))
      .map((run) => run.workflowId);
    return open?.workflowId ?? workflowIds.find((id) => !used.includes(id)) ?? '';
  };

  const store: AppDeps['store'] = {
    connections: guarded({
      get: (id: ConnectionId) => Promise.resolve(connections.get(id) ?? null),
      list: () => Promise.resolve([...connections.values()]),
      put: (wanted: NewConnection) => {
        const { privateJwk, ...rest } = wanted;
        const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicJwk } = privateJwk;
        const made = {
          ...rest,
          settings: { ...DEFAULT_SETTINGS, ...wanted.settings },
          problem: null,
          publicJwk,
          nextPublicJwk: null,
          nextKey: null,
          privateJwk,
          createdAt: new Date().toISOString(),
        };
        connections.set(wanted.id, made);
        return Promise.resolve(made);
      },
      credentials: (id: ConnectionId) => {
        const found = connections.get(id);
        return Promise.resolve(found === undefined ? null : { ...found, origin: found.domain });
      },
      create: notHere,
      change: notHere,
      remove: notHere,
      block: () => Promise.resolve(),
      unblock: () => Promise.resolve(),
      admission: () => Promise.resolve({ kind: 'ready' as const, refused: [] }),
    }),
    connectionKeys: guarded({
      published: () => Promise.resolve(null),
      offer: notHere,
      next: notHere,
      adopt: notHere,
      refuse: notHere,
      waiting: notHere,
    }),
    accessProfiles: guarded({
      list: notHere,
      get: () => Promise.resolve(null),
      put: notHere,
      remove: notHere,
    }),
    runs: guarded({
      accept: (request: NewRun): Promise<Acceptance> => {
        const known = ofPerson(request.run.connection, request.run.subjectRef);
        const same = known.find(
          (run) =>
            rows.get(run.id)?.request?.requestHash === request.requestHash &&
            (isOpen(run.phase) || (run.phase === 'completed' && run.outcome === 'done')),
        );
        if (same !== undefined && (same.kind === 'onboarding' || isOpen(same.phase))) {
          const isToLook = same.kind === 'offboarding' && same.deedDone;
          return Promise.resolve(
            isToLook
              ? { kind: 'look-again', run: same, answer: same }
              : { kind: 'same', run: same },
          );
        }
        const open = openOf(request.run.connection, request.run.subjectRef);
        if (open !== undefined && !request.takeover) {
          return Promise.resolve({ kind: 'open', run: open });
        }
        const record = recordOf(request, workflowIdFor(request, open));
        rows.set(record.id, { record, request });
        const earlier =
          same === undefined ? null : { run: same.id, oktaUserId: same.person.oktaUserId };
        return Promise.resolve({ kind: 'accepted', run: record, earlier });
      },
      openFor: (connection: ConnectionId, subjectRef: SubjectRef) =>
        Promise.resolve(openOf(connection, subjectRef) ?? null),
      withdraw: (id: RunId) => {
        rows.delete(id);
        return Promise.resolve();
      },
      markStarted: (id: RunId) => {
        update(id, { started: true });
        return Promise.resolve();
      },
      get: (id: RunId) => Promise.resolve(rows.get(id)?.record ?? null),
      latest: (connection: ConnectionId, subjectRef: SubjectRef) =>
        Promise.resolve(ofPerson(connection, subjectRef)[0] ?? null),
      countOpen: () => Promise.resolve({}),
      list: ({ connection, connections: some, kind, phase, subjectRef, limit }) =>
        Promise.resolve({
          items: newest()
            .filter((run) => connection === undefined || run.connection === connection)
            .filter((run) => some === undefined || some.includes(run.connection))
            .filter((run) => kind === undefined || run.kind === kind)
            .filter((run) => phase === undefined || run.phase === phase)
            .filter((run) => subjectRef === undefined || run.subjectRef === subjectRef)
            .slice(0, limit),
        }),
      input: (id: RunId): Promise<JsonValue | null> =>
        Promise.resolve(rows.get(id)?.request?.input ?? null),
      unstarted: () =>
        Promise.resolve(
          newest()
            .filter((run) => !run.started)
            .map((run) => ({
              run: refOf(run),
              kind: run.kind,
              takeover: rows.get(run.id)?.request?.takeover ?? false,
            })),
        ),
      report: ({ run, phase, outcome, waiting, problem, actions, event }) => {
        update(run.id, { phase, outcome, waiting, problem, actions, started: true });
        if (event !== null) notes.push({ ...event, run: run.id, apiKeyId: null });
        return Promise.resolve();
      },
      reportStep: () => Promise.resolve(null),
      openWithout: () => Promise.resolve([]),
      orphan: () => Promise.resolve(false),
      loadJournal: forWorkers,
      takeAccount: forWorkers,
      move: forWorkers,
      note: ({ id }, event, apiKeyId) => {
        const isKnown = notes.some((note) => note.run === id && note.key === event.key);
        if (!isKnown) notes.push({ ...event, run: id, apiKeyId });
        return Promise.resolve();
      },
    } satisfies AppDeps['store']['runs']),
    apiKeys: guarded({
      create: (key: Omit<ApiKey, 'createdAt'>, hash: Buffer) => {
        const made = { ...key, createdAt: new Date().toISOString() };
        keys.set(key.id, { key: made, hash });
        return Promise.resolve(made);
      },
      list: () => Promise.resolve([...keys.values()].map(({ key }) => key)),
      delete: (id: string) => Promise.resolve(keys.delete(id)),
      find: (id: string) => Promise.resolve(keys.get(id) ?? null),
    }),
    idempotency: guarded({
      claim: (apiKeyId: string, key: string, bodyHash: string) => {
        const id = `${apiKeyId}/${key}`;
        const claim = claims.get(id);
        if (claim === undefined) {
          claims.set(id, { bodyHash, answer: null });
          return Promise.resolve({ kind: 'claimed' as const });
        }
        if (claim.bodyHash !== bodyHash) return Promise.resolve({ kind: 'reused' as const });
        if (claim.answer === null) return Promise.resolve({ kind: 'pending' as const });
        const [status, resource] = claim.answer;
        return Promise.resolve({ kind: 'answered' as const, status, resource });
      },
      finish: (apiKeyId: string, key: string, status: number, resource: string) => {
        const claim = claims.get(`${apiKeyId}/${key}`);
        if (claim !== undefined) claim.answer = [status, resource];
        return Promise.resolve();
      },
      release: (apiKeyId: string, key: string) => {
        claims.delete(`${apiKeyId}/${key}`);
        return Promise.resolve();
      },
    }),
    decodes: guarded({
      record: (apiKeyId: string | null, payloads: number) => {
        decodes.push({ apiKeyId, payloads });
        return Promise.resolve();
      },
    }),
    ping: () =>
      state.isAway
        ? Promise.reject(new StoreUnavailableError('The database does not answer (test).'))
        : Promise.resolve(),
    subjectRef: (login) =>
      as<SubjectRef>(createHash('sha256').update(foldLogin(login)).digest('hex').slice(0, 16)),
  };

  /** As a workflow's report would. */
  function update(id: RunId, changes: Partial<RunRecord>): void {
    const row = rows.get(id);
    if (row !== undefined) row.record = { ...row.record, ...changes };
  }

  return {
    store,
    state,
    notes,
    decodes,
    claims,
    update,
    /** A run that came about without a request, such as a contract's end. */
    add: (record: RunRecord) => rows.set(record.id, { record, request: null }),
    run: (id: string) => rows.get(as<RunId>(id))?.record,
    request: (id: string) => rows.get(as<RunId>(id))?.request,
    runs: newest,
  };
}

function refOf({ id, connection, subjectRef, requestId }: RunRecord) {
  return { id, connection, subjectRef, requestId };
}

function recordOf(request: NewRun, workflowId: string): RunRecord {
  const { run, kind, phase, login, name, requestedBy, reason, deadlines, waiting, actions } =
    request;
  return {
    ...run,
    kind,
    phase,
    outcome: null,
    previous: null,
    next: null,
    continuesAs: null,
    supersededBy: null,
    person: { login, name, oktaUserId: null },
    requestedBy,
    reason,
    batch: null,
    createdAt: new Date().toISOString(),
    updatedAt: new Date().toISOString(),
    finishedAt: null,
    apiKeyId: request.apiKeyId,
    workflowId,
    workflowRunId: null,
    deedDone: false,
    undoing: false,
    deadlines,
    waiting,
    steps: [],
    problem: null,
    taskFailingSince: null,
    actions,
    started: false,
    begun: false,
  };
}
