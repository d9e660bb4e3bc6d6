// Every column that holds envelopes of the key ring, and the context that each was sealed for: what a
// rekey has to seal anew. A test compares this list with the schema.
import type { Tables } from './tables.js';

export interface SealedTable {
  table: keyof Tables;
  /** The primary key, by which the table is walked. */
  key: { column: string; type: 'text' | 'bigint' };
  /** SQL of what stands behind the prefix in every context of a row. */
  owner: string;
  /** Prefix of the context, by column. */
  columns: Readonly<Record<string, string>>;
}

export const SEALED_TABLES: readonly SealedTable[] = [
  {
    table: 'secrets',
    key: { column: 'name', type: 'text' },
    owner: 'name',
    columns: { value: 'secrets' },
  },
  {
    table: 'connections',
    key: { column: 'id', type: 'text' },
    owner: 'id',
    columns: {
      private_jwk: 'connections.private_jwk',
      problem: 'connections.problem',
      next_private_jwk: 'connections.next_private_jwk',
      next_problem: 'connections.next_problem',
    },
  },
  {
    table: 'token_cache',
    key: { column: 'connection', type: 'text' },
    owner: `connection || ':' || generation`,
    columns: { token: 'token_cache.token' },
  },
  {
    table: 'known_groups',
    key: { column: 'seq', type: 'bigint' },
    owner: `connection || ':' || name_digest`,
    columns: { found: 'known_groups.found' },
  },
  {
    table: 'access_profiles',
    key: { column: 'seq', type: 'bigint' },
    owner: `connection || ':' || name`,
    columns: { terms: 'access_profiles.terms' },
  },
  {
    table: 'runs',
    key: { column: 'seq', type: 'bigint' },
    owner: 'id',
    columns: {
      person: 'runs.person',
      shown: 'runs.shown',
      input: 'runs.input',
      problem: 'runs.problem',
    },
  },
  {
    table: 'run_steps',
    key: { column: 'seq', type: 'bigint' },
    owner: `run || ':' || workflow_run_id || ':' || activity_id`,
    columns: { detail: 'run_steps.detail', effects: 'run_steps.effects' },
  },
  {
    table: 'ledger',
    key: { column: 'seq', type: 'bigint' },
    owner: `coalesce(run, connection) || ':' || key`,
    columns: { detail: 'ledger.detail' },
  },
];

/** Columns of bytes that are no envelopes: hashes, and the data keys themselves. */
export const UNSEALED_COLUMNS: readonly string[] = [
  'api_keys.hash',
  'data_keys.link',
  'data_keys.wrapped',
  'ledger.commitment',
  'ledger.hash',
  'ledger.previous_hash',
];
