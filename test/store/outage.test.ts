import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { eventually } from '../support/eventually.js';
import { startKillablePostgres } from '../support/killable.js';
import { createDatabase } from '../support/postgres.js';
import { aRequest, CONNECTION } from './support.js';

describe('a restart of the database', () => {
  let server: Awaited<ReturnType<typeof startKillablePostgres>>;
  let store: OpenStore;
  const events: string[] = [];

  beforeAll(async () => {
    server = await startKillablePostgres(await mkdtemp(join(tmpdir(), 'tenure-outage-')));
    const { url } = await createDatabase(server.url);
    const note = (fields: Record<string, unknown>) => events.push(String(fields['event']));
    store = await openStore({
      databaseUrl: url,
      masterKey: randomBytes(32),
      log: { info: note, warn: note },
    });
  });

  afterAll(async () => {
    await store.close();
    await server.remove();
  });

  it('costs what is at work, with a code of ours, and nothing else', async () => {
    const request = aRequest(store);
    await store.runs.accept(request);
    // Idle connections, and one that holds a transaction open while it waits for Okta.
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    let answer: (() => void) | undefined;
    const refreshed = store.tokens
      .refresh(CONNECTION, null, async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return { accessToken: 't', proofKey: null, scopes: [], expiresAt: '2099-01-01T00:00:00Z' };
      })
      .catch((error: unknown) => error);
    await eventually('the mint is under way', () => answer !== undefined);

    await server.kill();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    answer?.();
    expect(await refreshed).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(events).toContain('store.connection_lost');

    await server.start();
    await store.ping();
    expect(await store.runs.get(request.run.id)).toMatchObject({ id: request.run.id });
    expect(await store.tokens.read(CONNECTION)).toBeNull();
    expect(await store.runs.accept(aRequest(store))).toMatchObject({ kind: 'same' });
  });
});
