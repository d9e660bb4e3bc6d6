// The store in memory, as far as runs need it: the rules of `src/store/{run-reports,orphans,acceptance}.ts`
// without SQL. Only what a life can come across is here.
import type { OktaUserId, RunId } from '../../src/domain/brand.js';
import {
  EMPTY_JOURNAL,
  inherited,
  journalOf,
  type Effect,
  type Journal,
} from '../../src/domain/effects.js';
import { foldLogin } from '../../src/domain/login.js';
import type { JsonValue } from '../../src/domain/okta-user.js';
import {
  isOpen,
  type Deadlines,
  type NextRun,
  type Problem,
  type RunAction,
  type RunKind,
  type RunOutcome,
  type RunPhase,
  type RunRecord,
  type RunRef,
  type RunReport,
  type Waiting,
} from '../../src/domain/run.js';
import type { ActivityDeps } from '../../src/activities/index.js';
import type { AccountHolder, RunStore, Store } from '../../src/store/store.js';
import { currentAttempt } from './activity-runs.js';

interface Step {
  attempts: number;
  isFinished: boolean;
  effects: Effect[];
}

export interface Row {
  run: RunRef;
  kind: RunKind;
  phase: RunPhase;
  outcome: RunOutcome | null;
  version: number;
  deadlines: Deadlines;
  waiting: Waiting | null;
  problem: Problem | null;
  actions: RunAction[];
  undoing: boolean;
  isStarted: boolean;
  isTakeover: boolean;
  isFinished: boolean;
  account: OktaUserId | null;
  oktaUserId: OktaUserId | null;
  shownLogin: string | null;
  login: string;
  /** Folded logins that the account is known by. */
  subjects: Set<string>;
  workflowId: string;
  previous: RunId | null;
  next: RunId | null;
  continuesAs: RunId | null;
  supersededBy: RunId | null;
  input: JsonValue | null;
  deedDone: boolean;
  createdAt: number;
  finishedAt: number | null;
  steps: Map<string, Step>;
}

export interface MemoryStore {
  rows: Row[];
  row(id: RunId): Row | undefined;
  deps: ActivityDeps['store'];
  orphans: Pick<RunStore, 'openWithout' | 'orphan' | 'get' | 'input' | 'report'>;
  add(row: Row): void;
  /** Open runs for a login, newest first. */
  openFor(login: string): Row[];
}

export interface StoreListener {
  /** A run was accepted, or another one goes on as it. */
  began: (row: Row) => void;
  /** After every report that was kept; null: a step's. */
  reported: (row: Row, report: RunReport | null) => void;
}

export function createMemoryStore({ began, reported }: StoreListener): MemoryStore {
  const rows: Row[] = [];
  const byId = (id: RunId): Row | undefined => rows.find(({ run }) => run.id === id);

  function add(row: Row): void {
    // Never two in the same millisecond, so that one is the newer.
    row.createdAt = Math.max(row.createdAt, (rows.at(-1)?.createdAt ?? 0) + 1);
    rows.push(row);
    began(row);
  }

  const report: RunStore['report'] = (said) => {
    const row = byId(said.run.id);
    if (row !== undefined && row.version < said.version) {
      const { phase, outcome, deadlines, waiting, problem, actions, undoing, version } = said;
      Object.assign(row, {
        phase,
        outcome,
        deadlines,
        waiting,
        problem,
        actions,
        undoing,
        version,
      });
      row.isStarted = true;
      row.isFinished = !isOpen(phase);
      row.finishedAt = isOpen(phase) ? null : (row.finishedAt ?? Date.now());
      reported(row, said);
    }
    if (row !== undefined && said.next !== null) goOnAs(row, said.next);
    return Promise.resolve();
  };

  function goOnAs(row: Row, next: NextRun): void {
    row.next = next.run.id;
    row[next.link === 'continues' ? 'continuesAs' : 'supersededBy'] = next.run.id;
    const known = byId(next.run.id);
    if (known !== undefined) {
      known.previous ??= row.run.id;
      known.oktaUserId ??= row.oktaUserId;
      known.account ??= row.account;
      known.workflowId = row.workflowId;
      for (const subject of row.subjects) known.subjects.add(subject);
      known.isStarted = true;
      return;
    }
    const { phase, deadlines, waiting, actions, kind, run } = next;
    add({
      ...row,
      ...{ run, kind, phase, deadlines, waiting, actions },
      ...{ outcome: null, version: 0, problem: null, undoing: false, input: null },
      ...{ previous: row.run.id, next: null, continuesAs: null, supersededBy: null },
      ...{ deedDone: false, isFinished: false, finishedAt: null, isTakeover: false },
      ...{ createdAt: Date.now(), steps: new Map(), subjects: new Set(row.subjects) },
    });
  }

  const reportStep: RunStore['reportStep'] = (said) => {
    currentAttempt();
    const row = byId(said.run.id);
    const claimed = said.claims === true ? (said.shown?.oktaUserId ?? null) : null;
    const holder =
      claimed === null
        ? undefined
        : rows.find(
            (other) =>
              other.account === claimed && !other.isFinished && other.run.id !== said.run.id,
          );
    if (row !== undefined) {
      const key = `${said.workflowRunId}/${said.activityId}`;
      const step = row.steps.get(key);
      const isFinished = said.finishedAt !== null;
      const isNews =
        step === undefined ||
        said.attempts > step.attempts ||
        (said.attempts === step.attempts && (!step.isFinished || isFinished));
      if (isNews) {
        const effects = holder === undefined ? said.effects : [];
        row.steps.set(key, { attempts: said.attempts, isFinished, effects });
      }
      row.isStarted = true;
      const { shown } = said;
      if (shown !== undefined) {
        row.oktaUserId = shown.oktaUserId;
        row.shownLogin = shown.login;
        row.subjects.add(foldLogin(shown.login));
      }
      if (holder === undefined && claimed !== null) row.account = claimed;
      row.deedDone ||= said.effects.some(
        (effect) =>
          effect.kind === 'adopt' ||
          ((effect.kind === 'create' || effect.kind === 'suspend') && effect.stage === 'done'),
      );
      reported(row, null);
    }
    return Promise.resolve(holder === undefined ? null : holderOf(holder));
  };

  function holderOf(row: Row): AccountHolder {
    const { run, kind, phase, workflowId } = row;
    const login = row.shownLogin ?? row.login;
    return { run: run.id, kind, phase, login, since: iso(row.createdAt), workflowId };
  }

  /** The run and those that it took over from, oldest first. */
  function chainOf(id: RunId): Row[] {
    const row = byId(id);
    if (row === undefined) return [];
    const before = row.previous === null ? undefined : byId(row.previous);
    return before?.supersededBy === id ? [...chainOf(before.run.id), row] : [row];
  }

  const loadJournal: RunStore['loadJournal'] = (id) =>
    Promise.resolve(
      chainOf(id).reduce<Journal>((journal, row) => {
        const own = [...row.steps.values()].flatMap(({ effects }) => effects);
        const before = journal === EMPTY_JOURNAL ? journal : inherited(journal);
        return journalOf(row.undoing ? [...own, { kind: 'undo' }] : own, before);
      }, EMPTY_JOURNAL),
    );

  const unused = (): never => {
    throw new Error('no run needs this');
  };

  return {
    rows,
    row: byId,
    add,
    openFor: (login) => {
      const subject = foldLogin(login);
      return rows
        .filter((row) => isOpen(row.phase))
        .filter((row) => foldLogin(row.shownLogin ?? row.login) === subject)
        .filter((row) => row.subjects.has(subject))
        .reverse();
    },
    deps: {
      connections: {
        admission: () => Promise.resolve({ kind: 'ready', refused: [] }),
        block: unused,
        unblock: unused,
      } as unknown as Store['connections'],
      connectionKeys: {} as Store['connectionKeys'],
      refusals: {
        note: () => Promise.resolve({ kind: 'parks' }),
      } as unknown as Store['refusals'],
      groups: {} as Store['groups'],
      runs: {
        report,
        reportStep,
        loadJournal,
        move: (id: RunId, workflowId: string) => {
          const row = byId(id);
          if (row !== undefined) row.workflowId = workflowId;
          return Promise.resolve();
        },
        takeAccount: (run: RunId, from: RunId) => Promise.resolve(takeAccount(run, from)),
      } as unknown as Store['runs'],
    },
    orphans: {
      report,
      get: (id) => {
        const row = byId(id);
        return Promise.resolve(row === undefined ? null : recordOf(row));
      },
      input: (id) => Promise.resolve(byId(id)?.input ?? null),
      openWithout: (known) =>
        Promise.resolve(
          rows
            .filter(
              ({ run, phase, isStarted }) => isOpen(phase) && isStarted && !known.includes(run.id),
            )
            .map((row) => ({
              ...{ run: row.run, kind: row.kind, version: row.version, workflowId: row.workflowId },
              createdAt: iso(row.createdAt),
            })),
        ),
      orphan: ({ row: seen, problem, deadlines, actions }) => {
        const row = byId(seen.run.id);
        if (row?.version !== seen.version || !isOpen(row.phase)) return Promise.resolve(false);
        row.version += 1;
        Object.assign(row, { phase: 'parked', problem, deadlines, actions });
        row.waiting = { for: 'decision' };
        for (const later of rows.slice(rows.indexOf(row) + 1)) {
          if (later.isTakeover && isOpen(later.phase)) later.isStarted = false;
        }
        reported(row, null);
        return Promise.resolve(true);
      },
    },
  };

  function takeAccount(run: RunId, from: RunId): boolean {
    const [row, old] = [byId(run), byId(from)];
    if (row === undefined || old === undefined || !isOpen(old.phase)) return false;
    old.version += 1;
    Object.assign(old, { phase: 'completed', outcome: 'superseded', waiting: null, problem: null });
    Object.assign(old, { next: run, supersededBy: run, actions: [], isFinished: true });
    old.finishedAt = Date.now();
    row.previous = from;
    row.account = old.account;
    reported(old, null);
    return true;
  }
}

export function recordOf(row: Row): RunRecord {
  const { run, kind, phase, outcome, previous, next, continuesAs, supersededBy } = row;
  return {
    ...{ id: run.id, kind, connection: run.connection, subjectRef: run.subjectRef },
    ...{ requestId: run.requestId, phase, outcome, previous, next, continuesAs, supersededBy },
    person: { login: row.shownLogin ?? row.login, name: null, oktaUserId: row.oktaUserId },
    ...{ requestedBy: null, reason: null, batch: null, apiKeyId: null, workflowRunId: null },
    ...{ createdAt: iso(row.createdAt), updatedAt: iso(row.createdAt), finishedAt: null },
    ...{ workflowId: row.workflowId, deedDone: row.deedDone, undoing: row.undoing },
    ...{ deadlines: row.deadlines, waiting: row.waiting, problem: row.problem, steps: [] },
    ...{ actions: row.actions, started: row.isStarted, begun: true, taskFailingSince: null },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
