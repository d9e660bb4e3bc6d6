// The tables as Kysely sees them; `migrations.ts` makes them. Columns of type Buffer are envelopes of
// the key ring, and each names the context it was sealed for.
import type { ColumnType, Generated, Selectable } from 'kysely';
import type { ConnectionId, OktaUserId, RequestId, RunId, SubjectRef } from '../domain/brand.js';
import type { ConnectionSettings, ConnectionStatus } from '../domain/connection.js';
import type {
  Deadlines,
  ProblemCode,
  RunAction,
  RunKind,
  RunOutcome,
  RunPhase,
  StepStatus,
  Waiting,
} from '../domain/run.js';
import type { Role } from './store.js';

/** jsonb: an object when read, its text when written. */
type Json<T> = ColumnType<T, string, string>;
/** timestamptz(3), so that a Date holds all of it. */
type Time = ColumnType<Date, Date | string, Date | string>;
type NullableJson<T> = ColumnType<T | null, string | null, string | null>;
type NullableTime = ColumnType<Date | null, Date | string | null, Date | string | null>;

export interface Tables {
  schema_migrations: { name: string; applied_at: Generated<Date> };
  data_keys: {
    id: number;
    master_key_id: string;
    wrapped: Buffer;
    /** The key once more, under the data key before it; see `rekey.ts`. */
    link: Buffer | null;
    /** Not everything in the tables is sealed under it yet. */
    unfinished: Generated<boolean>;
    created_at: Generated<Date>;
  };
  secrets: {
    name: string;
    /** `secrets:<name>` */
    value: Buffer;
  };
  connections: ConnectionsTable;
  access_profiles: {
    connection: ConnectionId;
    name: string;
    /** `access_profiles.terms:<connection>:<name>`: groups and attributes. */
    terms: Buffer;
  };
  runs: RunsTable;
  run_steps: RunStepsTable;
  ledger: LedgerTable;
  rate_buckets: {
    connection: ConnectionId;
    bucket: string;
    capacity: number | null;
    remaining: number | null;
    reset_at: NullableTime;
    confirmed: boolean;
    blocked_until: NullableTime;
  };
  token_cache: {
    connection: ConnectionId;
    generation: string;
    /** `token_cache.token:<connection>:<generation>`; with the proof key of a bound token. */
    token: Buffer;
    scopes: string[];
    expires_at: Time;
  };
  known_groups: {
    seq: Generated<string>;
    connection: ConnectionId;
    /** Keyed, of the org and the name or id that was asked for. */
    name_digest: string;
    /** `known_groups.found:<connection>:<name digest>` */
    found: Buffer;
    /** When Okta answered. */
    read_at: Time;
  };
  refusals: {
    connection: ConnectionId;
    step: string;
    subject_ref: SubjectRef;
    run: RunId;
    request_id: RequestId;
    standing: Generated<'counted' | 'again' | 'retried' | 'own'>;
    at: Generated<Date>;
    /** When the run was last looked at for a retry without a click. */
    asked_at: NullableTime;
  };
  trials: {
    connection: ConnectionId;
    step: string;
    /** Those that were refused; the pause after one grows with it. */
    made: Generated<number>;
    next_at: Generated<Date>;
    /** The run whose turn it is, until its lease ends. */
    taken_by: RunId | null;
    taken_until: NullableTime;
  };
  trial_waiters: {
    connection: ConnectionId;
    step: string;
    run: RunId;
    urgent: boolean;
    due: Time;
    /** Null: it was not its turn yet. */
    tried_at: NullableTime;
    /** When it asks again; one that is long past does not wait any more. */
    back_at: Time;
  };
  api_keys: {
    id: string;
    name: string;
    role: Role;
    connections: ConnectionId[] | null;
    hash: Buffer;
    created_at: Generated<Date>;
  };
  idempotency: {
    api_key_id: string;
    key_digest: string;
    body_digest: string;
    status: number | null;
    resource: string | null;
    claimed_at: Generated<Date>;
  };
  decodes: {
    seq: Generated<string>;
    at: Generated<Date>;
    /** Null: the Temporal Web UI of the embedded mode. */
    api_key_id: string | null;
    payloads: number;
  };
}

interface ConnectionsTable {
  id: ConnectionId;
  name: string | null;
  domain: string;
  client_id: string;
  scopes: string[];
  settings: Json<Partial<ConnectionSettings>>;
  status: ConnectionStatus;
  public_jwk: Json<Record<string, unknown>>;
  /** `connections.private_jwk:<id>` */
  private_jwk: Buffer;
  /** `connections.problem:<id>` */
  problem: Buffer | null;
  next_probe_at: NullableTime;
  /** Null: blocked as a whole, or not at all. */
  blocked_step: string | null;
  probe_pause_ms: Generated<number>;
  /** The run that tried the connection out last; the next probe is another's. */
  probed_by: RunId | null;
  next_public_jwk: NullableJson<Record<string, unknown>>;
  /** `connections.next_private_jwk:<id>` */
  next_private_jwk: Buffer | null;
  next_since: NullableTime;
  /** `connections.next_problem:<id>` */
  next_problem: Buffer | null;
  former_public_jwk: NullableJson<Record<string, unknown>>;
  former_until: NullableTime;
  created_at: Generated<Date>;
}

interface RunsTable {
  /** Order of acceptance; what "latest" means. */
  seq: Generated<string>;
  id: RunId;
  connection: ConnectionId;
  subject_ref: SubjectRef;
  request_id: RequestId;
  kind: RunKind;
  phase: RunPhase;
  outcome: RunOutcome | null;
  previous: RunId | null;
  next: RunId | null;
  /** `runs.person:<id>`: login, name, requestedBy, reason. */
  person: Buffer;
  okta_user_id: OktaUserId | null;
  /** The account that no other open run may have; see `account-claims.ts`. */
  account: OktaUserId | null;
  /** `runs.shown:<id>`: login and name as Okta showed them last; null before. */
  shown: Buffer | null;
  /** Of every login that the account is known by: the one asked for, and those that Okta showed. */
  subjects: SubjectRef[];
  /** Of the login that Okta shows now; null before it showed one. */
  shown_subject: SubjectRef | null;
  continues_as: RunId | null;
  superseded_by: RunId | null;
  workflow_id: string;
  /** When the account was made, or access taken, for the first time. */
  deed_at: NullableTime;
  undoing: Generated<boolean>;
  /** Keyed, since a request about a known person could be guessed. */
  request_digest: string | null;
  /** `runs.input:<id>`; null for a run that a workflow went on as. */
  input: Buffer | null;
  api_key_id: string | null;
  takeover: boolean;
  batch: string | null;
  deadlines: Json<Deadlines>;
  /** The deadline it is to meet next, see `due.ts`; null once closed. */
  due_at: NullableTime;
  waiting: ColumnType<Waiting | null, string | null, string | null>;
  /** `runs.problem:<id>` */
  problem: Buffer | null;
  /** Its code once more, in clear, to count by. */
  problem_code: ProblemCode | null;
  /** Kept by `trouble.ts`, whatever the workflow says; null: the workflow task does not fail. */
  task_failing_since: NullableTime;
  actions: RunAction[];
  version: Generated<number>;
  started: Generated<boolean>;
  workflow_run_id: string | null;
  created_at: Generated<Date>;
  updated_at: ColumnType<Date, never, Date | string>;
  finished_at: NullableTime;
}
export type RunRow = Selectable<RunsTable>;

interface RunStepsTable {
  /** Order of first report. */
  seq: Generated<string>;
  run: RunId;
  workflow_run_id: string;
  activity_id: string;
  name: string;
  status: StepStatus;
  started_at: Time;
  finished_at: NullableTime;
  attempts: number;
  okta_request_ids: string[];
  /** `run_steps.detail:<run>:<workflow run id>:<activity id>` */
  detail: Buffer | null;
  /** `run_steps.effects:<run>:<workflow run id>:<activity id>`; null where there are none. */
  effects: Buffer | null;
}
export type RunStepRow = Selectable<RunStepsTable>;

interface LedgerTable {
  seq: Generated<string>;
  at: Generated<Date>;
  connection: ConnectionId;
  run: RunId | null;
  key: string;
  action: string;
  /** `ledger.detail:<run>:<key>` */
  detail: Buffer | null;
  api_key_id: string | null;
  okta_request_ids: string[];
  /** For the hash chain of a connection: a salted commitment to `detail`, and the links. */
  commitment: Buffer | null;
  previous_hash: Buffer | null;
  hash: Buffer | null;
}
export type LedgerTableRow = Selectable<LedgerTable>;
