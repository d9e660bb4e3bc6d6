// What PostgreSQL keeps, as the rest of the service sees it: one repository a noun.
// Only interfaces; `openStore` in `open.ts` makes the real thing.
import type { AccessProfile } from '../domain/access-profile.js';
import type { Admission } from '../domain/admission.js';
import type { ConnectionId, OktaUserId, RunId, SubjectRef } from '../domain/brand.js';
import type { Conclusion } from '../domain/checks.js';
import type { Connection, ConnectionProblem, ConnectionSettings } from '../domain/connection.js';
import type { Effect, Journal } from '../domain/effects.js';
import type { JsonValue, OktaGroup } from '../domain/okta-user.js';
import type {
  Deadlines,
  Problem,
  RunAction,
  RunEvent,
  RunKind,
  RunPhase,
  RunRecord,
  RunRef,
  RunReport,
  StepStatus,
  Waiting,
} from '../domain/run.js';

export interface Store {
  connections: ConnectionStore;
  connectionKeys: ConnectionKeyStore;
  accessProfiles: AccessProfileStore;
  verifications: VerificationStore;
  runs: RunStore;
  tokens: TokenStore;
  rates: RateStore;
  groups: GroupStore;
  apiKeys: ApiKeyStore;
  idempotency: IdempotencyStore;
  ledger: LedgerStore;
  refusals: RefusalStore;
  troubles: TroubleStore;
  decodes: DecodeStore;
  /** One trivial statement; rejects when the database cannot be reached. */
  ping(): Promise<void>;
  /** `subjectRef` of a login: first 16 hex digits of HMAC-SHA-256 over it, folded as Okta compares logins. */
  subjectRef(login: string): SubjectRef;
  close(): Promise<void>;
}

export interface NewConnection {
  id: ConnectionId;
  name: string | null;
  domain: string;
  clientId: string;
  scopes: string[];
  settings?: Partial<ConnectionSettings>;
  /** A private JSON Web Key with `kid`; encrypted at rest. */
  privateJwk: Record<string, unknown>;
  status: Connection['status'];
}

export type ConnectionChange = Partial<Omit<NewConnection, 'id' | 'status'>>;

/** `exists`: there is one with that id, or with that client of that org; `id` says which. */
export type Made = { kind: 'made'; connection: Connection } | { kind: 'exists'; id: ConnectionId };

export interface ConnectionCredentials {
  origin: string;
  clientId: string;
  scopes: string[];
  privateJwk: Record<string, unknown>;
}

export interface ConnectionStore {
  get(id: ConnectionId): Promise<Connection | null>;
  list(): Promise<Connection[]>;
  /** Makes it, or replaces domain, client id, scopes and key of the one that is there. */
  put(connection: NewConnection): Promise<Connection>;
  /** Makes it unverified, unless its id, or its client in its org, belongs to one that is there. */
  create(connection: Omit<NewConnection, 'status'>): Promise<Made>;
  /**
   * Changes what is named. With another domain, client, key or other scopes it is unverified; one that
   * is blocked stays so, and is tried out at once. Another key takes the place of a next one, too.
   */
  change(id: ConnectionId, change: ConnectionChange): Promise<Made | { kind: 'unknown' }>;
  /** Forgets it with its keys, token, budget and access profiles; runs and ledger stay. */
  remove(
    id: ConnectionId,
  ): Promise<{ kind: 'removed' } | { kind: 'unknown' } | { kind: 'in-use'; openRuns: number }>;
  /** What signs for it; null where there is none. `origin` is derived from `domain`. */
  credentials(id: ConnectionId): Promise<ConnectionCredentials | null>;
  /** Blocks it with a reason, once: the first reason stays. Sets the first probe ten seconds ahead. */
  block(id: ConnectionId, problem: ConnectionProblem): Promise<void>;
  /** Ready again, where it was blocked as a whole. */
  unblock(id: ConnectionId): Promise<void>;
  /**
   * Whether a call may be made now by `step` of `run`. One statement where nothing is wrong; cheap
   * enough before every activity. A step that was refused for several people since it last worked is
   * tried by one run at a time, urgent suspensions first, then the most overdue.
   */
  admission(run: RunRef, step: string): Promise<Admission>;
}

/** A run that parked for a refusal, and why it may be retried without a click. */
export interface RefusedRun {
  run: RunRef;
  step: string;
  at: string;
  /**
   * `lifted`: the step worked for somebody after a block. `unwatched`: it is blocked, and no run waits
   * that could try it.
   */
  because: 'lifted' | 'unwatched';
}

/** What Okta did not permit, by step and person, and who tries a step that was refused for several. */
export interface RefusalStore {
  /**
   * Notes that `step` was not permitted for the person of `run`, and blocks the connection with
   * `problem` where it does not work for anybody; once, the first reason stays. Answers whether the run
   * parks, or waits and tries the step again because nobody else is there to do so.
   */
  note(
    run: RunRef,
    step: string,
    problem: ConnectionProblem,
  ): Promise<{ kind: 'parks' } | { kind: 'watches'; retryInMs: number }>;
  /** `step` worked: its block is lifted, and those who parked for the block are retried once. */
  worked(run: RunRef, step: string): Promise<void>;
  /** Gives back a turn that showed nothing. */
  release(run: RunRef, step: string): Promise<void>;
  /** Runs to be retried without a click, those first that were not looked at for longest. */
  toRetry(limit: number): Promise<RefusedRun[]>;
  /** The run is about to be told: refused once more, it is the person's own. */
  retrying(refused: RefusedRun): Promise<void>;
  /** The run was retried, or needs none: another refusal is the person's own. */
  settle(refused: RefusedRun): Promise<void>;
  /** Not now: others come first the next time. */
  postpone(refused: RefusedRun): Promise<void>;
}

/** The next key with what else a token needs. `mark` is this very key's, for the calls below. */
export interface OfferedKey {
  credentials: ConnectionCredentials;
  mark: Buffer;
}

/** The change from one key pair to another, and what the world may know of a connection's keys. */
export interface ConnectionKeyStore {
  /** The public keys that sign, are to sign, or signed until a day ago; null where there is no such connection. */
  published(id: ConnectionId): Promise<Record<string, unknown>[] | null>;
  /** Keeps a key as the next one, in place of another that was not taken yet. Null: no such connection. */
  offer(id: ConnectionId, privateJwk: Record<string, unknown>): Promise<Connection | null>;
  /** Null where no key waits. */
  next(id: ConnectionId): Promise<OfferedKey | null>;
  /** In one statement: the next key signs, the former stays published for a day. False: it is another by now. */
  adopt(id: ConnectionId, mark: Buffer): Promise<boolean>;
  /** Keeps why that key was not taken, if it is still the next one. */
  refuse(id: ConnectionId, mark: Buffer, problem: ConnectionProblem): Promise<void>;
  /** Connections whose next key has waited for longer. */
  waiting(ageMs: number): Promise<ConnectionId[]>;
}

/** Named sets of groups and attributes, as jobs have them. */
export interface AccessProfileStore {
  /** By name. */
  list(connection: ConnectionId): Promise<AccessProfile[]>;
  get(connection: ConnectionId, name: string): Promise<AccessProfile | null>;
  put(connection: ConnectionId, profile: AccessProfile): Promise<'made' | 'replaced'>;
  remove(connection: ConnectionId, name: string): Promise<boolean>;
}

export interface VerificationStore {
  /**
   * Lets the connection stand as a verification of it came out: ready where all works; else it stays
   * as it was, or is blocked where it was ready and no run could do anything. A connection that is not
   * ready says why. False, and nothing is changed, where it is not the one that was verified any more
   * (another domain, client, key or scopes).
   */
  settle(verified: Connection, conclusion: Conclusion): Promise<boolean>;
}

export interface NewRun {
  run: RunRef;
  /** The workflow ids that it may have, the usual one first; the first that no open run has is taken. */
  workflowIds: readonly string[];
  kind: RunKind;
  phase: RunPhase;
  login: string;
  name: string | null;
  requestedBy: string | null;
  reason: string | null;
  deadlines: Deadlines;
  waiting: Waiting | null;
  actions: RunAction[];
  /** SHA-256, hex, of what makes two requests the same (defaults filled in; without requestedBy, reason, planHash). */
  requestHash: string;
  /** The whole workflow input; encrypted at rest, needed by the sweep. */
  input: JsonValue;
  /** The API key that asked. */
  apiKeyId: string;
  /** A takeover is accepted beside an open run. */
  takeover: boolean;
  /** The batch that it came with. */
  batch?: string;
}

/** A run of the very same request before this one. */
export interface EarlierRun {
  run: RunId;
  oktaUserId: OktaUserId | null;
}

/**
 * What came of an acceptance. `same`: the earlier run still is the answer, without a look. `look-again`:
 * `run` is open, and must look whether what was done still holds; `answer` is the run that was asked for,
 * which may be the onboarding whose contract end looks. `open`: another run of that account is open. `earlier`: the same request was carried out before; Okta decides what is
 * left to do.
 */
export type Acceptance =
  | { kind: 'accepted'; run: RunRecord; earlier: EarlierRun | null }
  | { kind: 'same'; run: RunRecord }
  | { kind: 'look-again'; run: RunRecord; answer: RunRecord }
  | { kind: 'open'; run: RunRecord };

export interface RunFilter {
  connection?: ConnectionId;
  connections?: ConnectionId[];
  kind?: RunKind;
  phase?: RunPhase;
  /** Of the login asked for, of the one that Okta shows, or of any that it has shown. */
  subjectRef?: SubjectRef;
  batch?: string;
  dueBefore?: string;
  limit: number;
  cursor?: string;
}

/** One attempt of a step, and what it did, written in one transaction. */
export interface StepReport {
  run: RunRef;
  /** Temporal's activity id: unique within one execution. With `workflowRunId` it keys the step. */
  activityId: string;
  workflowRunId: string;
  name: string;
  status: StepStatus;
  startedAt: string;
  finishedAt: string | null;
  attempts: number;
  oktaRequestIds: string[];
  /** For people; encrypted at rest. */
  detail: string | null;
  /** A ledger row where something was done or may have been done; unique by `(run, key)`. */
  event: RunEvent | null;
  /** What the run's journal gets; not kept where the account turns out to be another run's. */
  effects: Effect[];
  /** The account that Okta showed. */
  shown?: { oktaUserId: OktaUserId; login: string; name: string };
  /** The account shown is to be this run's alone. */
  claims?: boolean;
}

/** The open run that has an account. */
export interface AccountHolder {
  run: RunId;
  kind: RunKind;
  phase: RunPhase;
  login: string;
  /** When it was asked for. */
  since: string;
  workflowId: string;
}

/** An open run as it was seen; `version` tells whether it has moved since. */
export interface OpenRow {
  run: RunRef;
  kind: RunKind;
  version: number;
  createdAt: string;
  workflowId: string;
}

/** How a row is to stand whose workflow is gone. */
export interface Orphaning {
  row: OpenRow;
  problem: Problem;
  deadlines: Deadlines;
  actions: RunAction[];
}

export interface RunStore {
  /**
   * Under a lock of that person: compares with all runs of the account, then writes the row and the ledger
   * row `run.requested` in the same transaction. See `acceptance.ts` for what counts as the same.
   */
  accept(run: NewRun): Promise<Acceptance>;
  /** A run that is open for that login, as far as Okta has not shown another login for its account. */
  openFor(connection: ConnectionId, subjectRef: SubjectRef): Promise<RunRecord | null>;
  /** Takes back a row that Temporal surely did not take. */
  withdraw(id: RunId): Promise<void>;
  /** Temporal has taken the start. */
  markStarted(id: RunId, workflowRunId: string | null): Promise<void>;
  /** With its steps in order. */
  get(id: RunId): Promise<RunRecord | null>;
  latest(connection: ConnectionId, subjectRef: SubjectRef): Promise<RunRecord | null>;
  /** Newest first, without steps. */
  list(filter: RunFilter): Promise<{ items: RunRecord[]; nextCursor?: string }>;
  /** How many open runs there are, by phase. */
  countOpen(): Promise<Partial<Record<RunPhase, number>>>;
  /** The workflow input of a row. */
  input(id: RunId): Promise<JsonValue | null>;
  /** Rows that Temporal has not taken yet, older than `ageMs`. */
  unstarted(
    ageMs: number,
    limit: number,
  ): Promise<{ run: RunRef; kind: RunKind; takeover: boolean }[]>;
  /** A workflow's report; older versions are dropped. Makes the row of `next` as well. */
  report(report: RunReport): Promise<void>;
  /**
   * A step's report: step row, ledger row, effects, and what Okta showed of the account, in one statement.
   * Answers with the open run that has the account already, where the report claims it.
   */
  reportStep(report: StepReport): Promise<AccountHolder | null>;
  /** Open, started rows whose ids are not among `known`, oldest first. One statement. */
  openWithout(known: readonly string[], limit: number): Promise<OpenRow[]>;
  /** Parks a row without a workflow, and writes `run.orphaned`; false where it has moved since. */
  orphan(orphaning: Orphaning): Promise<boolean>;
  /** The journal of a run, with what it has taken over from the runs before it. */
  loadJournal(id: RunId): Promise<Journal>;
  /** The run goes on under another workflow id. */
  move(id: RunId, workflowId: string): Promise<void>;
  /** Ends `from`, whose workflow is gone, in favour of `run`, and hands its account over; false where it is over. */
  takeAccount(run: RunId, from: RunId): Promise<boolean>;
  /** A message of a person to a run, for the ledger; the same `key` writes one row. */
  note(run: RunRef, event: RunEvent, apiKeyId: string | null): Promise<void>;
}

export interface TokenStore {
  read(connection: ConnectionId): Promise<StoredToken | null>;
  refresh(
    connection: ConnectionId,
    stale: string | null,
    mint: () => Promise<Omit<StoredToken, 'generation'>>,
  ): Promise<StoredToken>;
}
export interface StoredToken {
  accessToken: string;
  /** A private JSON Web Key that the token is bound to; sealed with it. Null for a Bearer token. */
  proofKey: Record<string, unknown> | null;
  scopes: string[];
  expiresAt: string;
  generation: string;
}

export interface RateStore {
  acquire(connection: ConnectionId, bucket: string): Promise<number>;
  learn(
    connection: ConnectionId,
    bucket: string,
    sighting: { kind: 'ok' | 'limited'; limit: number; remaining: number; resetInMs: number },
  ): Promise<void>;
}

/** What somebody asked for: a group of the org at `origin`, by its name or id. */
export interface GroupQuestion {
  connection: ConnectionId;
  /** The org that was, or would be, asked: a connection may be moved to another one. */
  origin: string;
  name: string;
}

/** Groups that Okta showed a moment ago, shared by all workers. */
export interface GroupStore {
  /** Null where nothing is known that is younger than `maxAgeMs`. `ageMs`: since Okta answered. */
  recall(
    question: GroupQuestion,
    maxAgeMs: number,
  ): Promise<{ group: OktaGroup; ageMs: number } | null>;
  /** Unless a later answer is kept already. */
  remember(question: GroupQuestion, answer: { group: OktaGroup; ageMs: number }): Promise<void>;
  /** All that is known of this connection. */
  forget(connection: ConnectionId): Promise<void>;
}

export type Role = 'admin' | 'operator' | 'reader';
export interface ApiKey {
  id: string;
  name: string;
  role: Role;
  /** Null: all connections. */
  connections: ConnectionId[] | null;
  createdAt: string;
}
export interface ApiKeyStore {
  /** `hash` is the SHA-256 of the key; the key itself is never stored. */
  create(key: Omit<ApiKey, 'createdAt'>, hash: Buffer): Promise<ApiKey>;
  list(): Promise<ApiKey[]>;
  delete(id: string): Promise<boolean>;
  /** By the key's public id; the caller compares the hash in constant time. */
  find(id: string): Promise<{ key: ApiKey; hash: Buffer } | null>;
}

/** Answers kept for 24 h under an `Idempotency-Key`. */
export interface IdempotencyStore {
  /**
   * Takes the key, or says what became of it. `pending`: somebody is at it right now. A claim that
   * was never finished (a crash) can be taken again after a minute.
   */
  claim(
    apiKeyId: string,
    key: string,
    bodyHash: string,
  ): Promise<
    | { kind: 'claimed' }
    | { kind: 'pending' }
    | { kind: 'reused' }
    | { kind: 'answered'; status: number; resource: string }
  >;
  /** Keeps status and the id of what was made. */
  finish(apiKeyId: string, key: string, status: number, resource: string): Promise<void>;
  /** Forgets a claim: its answer is not to be kept (5xx, or refused). */
  release(apiKeyId: string, key: string): Promise<void>;
}

export interface LedgerRow {
  seq: string;
  at: string;
  connection: ConnectionId;
  run: RunId | null;
  action: string;
  detail: string | null;
  apiKeyId: string | null;
  oktaRequestIds: string[];
}
export interface LedgerStore {
  list(connection: ConnectionId, limit: number): Promise<LedgerRow[]>;
  /** Rows of one run, oldest first. */
  ofRun(run: RunId): Promise<LedgerRow[]>;
}

/** Who has read what Temporal keeps, in clear. */
export interface DecodeStore {
  /** Before anything is decoded. `apiKeyId` null: the Temporal Web UI of the embedded mode. */
  record(apiKeyId: string | null, payloads: number): Promise<void>;
}

/** A run whose workflow task may be failing. */
export interface Suspect {
  id: RunId;
  workflowId: string;
  isOpen: boolean;
}

export interface SuspectPage {
  items: Suspect[];
  /** Where the next page begins; null: this was the last. */
  next: string | null;
}

export interface TroubleSummary {
  /** Seconds since the deadline of the most overdue run, by kind of run; 0 where none is. */
  overdue: Record<string, number>;
  /** Parked runs by problem code; `unknown` for those that parked before the code was kept. */
  parked: Record<string, number>;
  /** Open runs whose workflow task fails. */
  failing: number;
}

/** Trouble that no workflow reports of itself. */
export interface TroubleStore {
  /** One statement. */
  summary(): Promise<TroubleSummary>;
  /** Runs known to fail, in order of acceptance; closed ones, too, so that they are cleared. */
  failing(after: string | null, limit: number): Promise<SuspectPage>;
  /** Open runs that should have moved and have not, in order of acceptance; one statement a page. */
  suspects(after: string | null, limit: number): Promise<SuspectPage>;
  /** Their workflow task fails; keeps the first time that was said. */
  markFailing(ids: RunId[]): Promise<void>;
  /** The same for the open runs of these workflows. */
  noteFailedTasks(workflowIds: string[]): Promise<void>;
  clearFailing(ids: RunId[]): Promise<void>;
}
