// The schema, as steps that are applied once and in order. A step that was released is never edited:
// what changes comes as another one. Times are timestamptz(3), so that JavaScript's Date holds them.

export interface Migration {
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '0001-first-schema',
    sql: `
create table data_keys (
  id integer primary key check (id > 0),
  master_key_id text not null,
  wrapped bytea not null,
  created_at timestamptz(3) not null default now()
);

create table secrets (
  name text primary key,
  value bytea not null
);

create table connections (
  id text primary key,
  name text,
  domain text not null,
  client_id text not null,
  scopes text[] not null,
  settings jsonb not null,
  status text not null check (status in ('unverified', 'ready', 'blocked')),
  public_jwk jsonb not null,
  private_jwk bytea not null,
  problem bytea,
  next_probe_at timestamptz(3),
  probe_pause_ms integer not null default 0,
  created_at timestamptz(3) not null default now()
);

create table runs (
  seq bigserial primary key,
  id text not null unique,
  connection text not null,
  subject_ref text not null,
  request_id text not null,
  kind text not null,
  phase text not null,
  outcome text,
  previous text,
  next text,
  person bytea not null,
  okta_user_id text,
  request_digest text,
  input bytea,
  api_key_id text,
  takeover boolean not null,
  batch text,
  deadlines jsonb not null,
  due_at timestamptz(3),
  waiting jsonb,
  problem bytea,
  actions text[] not null,
  version integer not null default 0,
  started boolean not null default false,
  workflow_run_id text,
  created_at timestamptz(3) not null default clock_timestamp(),
  updated_at timestamptz(3) not null default clock_timestamp(),
  finished_at timestamptz(3)
);
create index runs_of_subject on runs (connection, subject_ref, seq desc);
create index runs_of_connection on runs (connection, seq desc);
create index runs_by_phase on runs (phase, seq desc);
create index runs_due on runs (due_at) where due_at is not null;
create index runs_unstarted on runs (seq) where not started;
create index runs_of_batch on runs (batch, seq desc) where batch is not null;

create table run_steps (
  seq bigserial primary key,
  run text not null,
  workflow_run_id text not null,
  activity_id text not null,
  name text not null,
  status text not null,
  started_at timestamptz(3) not null,
  finished_at timestamptz(3),
  attempts integer not null,
  okta_request_ids text[] not null,
  detail bytea,
  unique (run, workflow_run_id, activity_id)
);

create table ledger (
  seq bigserial primary key,
  at timestamptz(3) not null default clock_timestamp(),
  connection text not null,
  run text,
  key text not null,
  action text not null,
  detail bytea,
  api_key_id text,
  okta_request_ids text[] not null,
  commitment bytea,
  previous_hash bytea,
  hash bytea,
  unique (run, key)
);
create index ledger_of_connection on ledger (connection, seq desc);

-- What was asked and done stays as it was written. Only the envelope may be replaced (another key, or
-- erasure) and the links of the chain filled in.
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE'
    and (new.seq, new.at, new.connection, new.run, new.key, new.action, new.api_key_id, new.okta_request_ids)
      is not distinct from
        (old.seq, old.at, old.connection, old.run, old.key, old.action, old.api_key_id, old.okta_request_ids)
  then
    return new;
  end if;
  raise exception 'the ledger is append-only';
end
$$;
create trigger ledger_rows_stay before update or delete on ledger
  for each row execute function ledger_is_append_only();
create trigger ledger_stays before truncate on ledger
  for each statement execute function ledger_is_append_only();

create table rate_buckets (
  connection text not null,
  bucket text not null,
  capacity integer,
  remaining integer,
  reset_at timestamptz(3),
  confirmed boolean not null default false,
  blocked_until timestamptz(3),
  primary key (connection, bucket)
) with (fillfactor = 50);

create table token_cache (
  connection text primary key,
  generation text not null,
  token bytea not null,
  scopes text[] not null,
  expires_at timestamptz(3) not null
);

create table api_keys (
  id text primary key,
  name text not null,
  role text not null check (role in ('admin', 'operator', 'reader')),
  connections text[],
  hash bytea not null,
  created_at timestamptz(3) not null default clock_timestamp()
);

create table idempotency (
  api_key_id text not null,
  key_digest text not null,
  body_digest text not null,
  status integer,
  resource text,
  claimed_at timestamptz(3) not null default clock_timestamp(),
  primary key (api_key_id, key_digest)
);
create index idempotency_by_age on idempotency (claimed_at);
`,
  },
  {
    name: '0002-connection-keys',
    sql: `
alter table connections
  add column next_public_jwk jsonb,
  add column next_private_jwk bytea,
  add column next_since timestamptz(3),
  add column next_problem bytea,
  add column former_public_jwk jsonb,
  add column former_until timestamptz(3);

create table access_profiles (
  seq bigserial primary key,
  connection text not null references connections (id) on delete cascade,
  name text not null,
  terms bytea not null,
  unique (connection, name)
);
`,
  },
  {
    name: '0003-undo-facts',
    sql: 'alter table run_steps add column deed jsonb',
  },
  {
    name: '0004-decodes',
    sql: `
-- Whoever asked for payloads in clear: an API key, or (null) the Web UI of the embedded mode.
create table decodes (
  seq bigserial primary key,
  at timestamptz(3) not null default clock_timestamp(),
  api_key_id text,
  payloads integer not null
);
`,
  },
  {
    name: '0005-key-links',
    sql: `
-- A rekey's new data key sealed under the one before it, and whether everything has yet to be sealed
-- anew under it: src/store/rekey.ts.
alter table data_keys
  add column link bytea,
  add column unfinished boolean not null default false;
`,
  },
  {
    name: '0006-refusals',
    sql: `
create table refusals (
  connection text not null,
  step text not null,
  subject_ref text not null,
  run text not null,
  request_id text not null,
  blocked boolean not null default false,
  at timestamptz(3) not null default clock_timestamp(),
  primary key (connection, step, subject_ref)
);
create index refusals_that_blocked on refusals (connection) where blocked;

alter table connections add column blocked_step text;

create index runs_unfinished on runs (connection) where finished_at is null;
`,
  },
  {
    name: '0007-accounts',
    sql: `
-- One open run an Okta account: whoever has shown that it is the account's run keeps it until it closes.
alter table runs
  add column account text,
  add column shown bytea,
  add column subjects text[] not null default '{}',
  add column shown_subject text,
  add column continues_as text,
  add column superseded_by text,
  add column workflow_id text,
  add column deed_at timestamptz(3),
  add column undoing boolean not null default false;
update runs set subjects = array[subject_ref],
  workflow_id = 'person/' || connection || '/' || subject_ref;
alter table runs alter column workflow_id set not null;
create unique index runs_one_open_per_account on runs (connection, account)
  where finished_at is null and account is not null;
create index runs_of_subjects on runs using gin (subjects);

-- The journal of effects takes the place of what was kept for an undo.
alter table run_steps drop column deed;
alter table run_steps add column effects bytea;
`,
  },
  {
    name: '0008-trials',
    sql: `
-- A step that was refused for somebody since it last worked, and whose turn it is to try it:
-- src/store/trials.ts.
create table trials (
  connection text not null,
  step text not null,
  made integer not null default 0,
  next_at timestamptz(3) not null default date_trunc('milliseconds', clock_timestamp()),
  taken_by text,
  taken_until timestamptz(3),
  primary key (connection, step)
);

-- Runs that wait for such a turn.
create table trial_waiters (
  connection text not null,
  step text not null,
  run text not null,
  urgent boolean not null,
  due timestamptz(3) not null,
  tried_at timestamptz(3),
  back_at timestamptz(3) not null,
  primary key (connection, step, run)
);

-- counted: since the step last worked. again: it worked after a block, and the run is to be retried
-- once. retried: the run is being told so. own: it works for others.
alter table refusals
  add column standing text not null default 'counted'
    check (standing in ('counted', 'again', 'retried', 'own')),
  add column asked_at timestamptz(3);
update refusals set standing = 'again'
from connections
where connections.id = refusals.connection and refusals.blocked
  and connections.blocked_step is distinct from refusals.step;
drop index refusals_that_blocked;
alter table refusals drop column blocked;
create index refusals_to_retry on refusals (asked_at, at) where standing in ('again', 'retried');
insert into trials (connection, step)
select distinct connection, step from refusals where standing = 'counted';

alter table connections add column probed_by text;
`,
  },
  {
    name: '0009-trouble',
    sql: `
-- The code of the sealed problem, so that parked runs can be counted by it; and since when the run's
-- workflow task fails, which no workflow can report of itself: src/store/trouble.ts.
alter table runs
  add column problem_code text,
  add column task_failing_since timestamptz(3);
create index runs_task_failing on runs (seq) where task_failing_since is not null;
`,
  },
  {
    name: '0010-groups',
    sql: `
-- What Okta showed of a group a moment ago: src/store/groups.ts.
create table known_groups (
  seq bigserial primary key,
  connection text not null,
  name_digest text not null,
  found bytea not null,
  read_at timestamptz(3) not null,
  unique (connection, name_digest)
);
create index known_groups_by_age on known_groups (read_at);
`,
  },
];
