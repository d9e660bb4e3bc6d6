import { describe, expect, it } from 'vitest';
import {
  aNextRun,
  aReport,
  aRequest,
  aStep,
  aConnection,
  CONNECTION,
  newStore,
} from './support.js';

const CANARY = 'xqzcanaryzqx';
const mark = (what: string) => `${CANARY}-${what}`;

describe('the tables', () => {
  it('hold nothing personal and no secret in clear', async () => {
    const { store, query, schema, masterKey } = await newStore();
    await store.connections.put(
      aConnection({ privateJwk: { kty: 'RSA', n: 'n', e: 'AQAB', kid: 'k', d: mark('key') } }),
    );
    await store.connections.block(CONNECTION, {
      code: 'OKTA_AUTH_FAILED',
      title: 'Refused',
      detail: mark('connection problem'),
      since: '2027-01-01T00:00:00Z',
    });
    const next = { kty: 'RSA', n: 'n2', e: 'AQAB', kid: 'k2', d: mark('next key') };
    await store.connectionKeys.offer(CONNECTION, next);
    const offered = await store.connectionKeys.next(CONNECTION);
    await store.connectionKeys.refuse(CONNECTION, offered?.mark ?? Buffer.alloc(0), {
      code: 'OKTA_AUTH_FAILED',
      title: 'Refused',
      detail: mark('next problem'),
      since: '2027-01-01T00:00:00Z',
    });
    await store.accessProfiles.put(CONNECTION, {
      name: 'engineer',
      groups: [mark('group')],
      attributes: { costCenter: mark('attribute') },
    });
    const request = aRequest(store, {
      login: `${mark('login')}@example.com`,
      name: mark('name'),
      requestedBy: mark('requester'),
      reason: mark('reason'),
      requestHash: mark('hash'),
      input: { person: { attributes: { nickName: mark('input') } } },
    });
    const { run } = request;
    await store.runs.accept(request);
    await store.runs.reportStep(
      aStep(run, {
        detail: mark('step'),
        event: { key: 'k1', action: 'createUser', detail: mark('ledger') },
      }),
    );
    await store.runs.report(
      aReport(run, 1, {
        problem: {
          code: 'LOGIN_TAKEN',
          title: 'Somebody already has this login',
          detail: mark('problem'),
          actions: ['retry'],
        },
        event: { key: 'k2', action: 'run.parked', detail: mark('event') },
        next: aNextRun(run),
      }),
    );
    await store.runs.note(run, { key: 'k3', action: 'run.note', detail: mark('note') }, null);
    await store.tokens.refresh(CONNECTION, null, () =>
      Promise.resolve({
        accessToken: mark('token'),
        proofKey: { kty: 'RSA', d: mark('proof key') },
        scopes: ['okta.users.read'],
        expiresAt: '2099-01-01T00:00:00Z',
      }),
    );
    await store.idempotency.claim('key-1', mark('idempotency'), mark('body'));

    const tables = await query('select tablename as name from pg_tables where schemaname = $1', [
      schema,
    ]);
    const dump: string[] = [];
    for (const { name } of tables) {
      // Bytes as bytes: `escape` leaves readable what would be readable in a backup.
      const columns = await query(
        `select column_name as name, data_type as type from information_schema.columns
          where table_schema = $1 and table_name = $2`,
        [schema, name],
      );
      const shown = columns.map(({ name: column, type }) =>
        type === 'bytea' ? `encode(${String(column)}, 'escape')` : `${String(column)}::text`,
      );
      const rows = await query(
        `select concat_ws('|', ${shown.join(', ')}) as line from ${String(name)}`,
      );
      dump.push(...rows.map(({ line }) => `${String(name)}: ${String(line)}`));
    }
    const text = dump.join('\n');
    const filled = ['connections', 'access_profiles', 'runs', 'run_steps', 'ledger', 'token_cache'];
    for (const table of [...filled, 'secrets']) {
      expect(text).toContain(`${table}: `);
    }
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(Buffer.from(CANARY).toString('base64').slice(0, 14));
    expect(text).not.toContain(masterKey.toString('latin1').slice(0, 8));
    // What was sealed is all there.
    const shown = JSON.stringify([
      await store.runs.get(run.id),
      await store.runs.input(run.id),
      await store.ledger.ofRun(run.id),
    ]);
    for (const what of ['login', 'name', 'reason', 'input', 'step', 'ledger', 'problem', 'note']) {
      expect(shown).toContain(mark(what));
    }
  });

  it.each(['person', 'input'])('do not open a %s that was moved to another row', async (column) => {
    const { store, query } = await newStore();
    const ada = aRequest(store);
    const bob = aRequest(store, { login: 'bob@example.com' });
    for (const request of [ada, bob]) await store.runs.accept(request);
    await query(
      `update runs set ${column} = (select ${column} from runs where id = $1) where id = $2`,
      [ada.run.id, bob.run.id],
    );
    const read = column === 'person' ? store.runs.get(bob.run.id) : store.runs.input(bob.run.id);
    await expect(read).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
  });
});
