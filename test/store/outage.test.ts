import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, guard, POSTGRES_GUARD, spawnApart } from '../../src/embedded/guarded-process.js';
import {
  endLeftoverBackends,
  postgresAnswers,
  postgresCommand,
  postgresUrl,
  preparePostgres,
} from '../../src/embedded/postgres.js';
import { removeRootPlace } from '../../src/embedded/postgres-place.js';
import { openStore, type OpenStore } from '../../src/store/open.js';
import { eventually } from '../support/eventually.js';
import { createDatabase } from '../support/postgres.js';
import { waitFor } from '../support/wait-for-process.js';
import { aRequest, CONNECTION } from './support.js';

/** A server that can be killed and started again on the same data and port. */
async function aServer(dir: string) {
  const cluster = await preparePostgres({ home: dir, rootBase: tmpdir(), unsafe: true });
  const url = postgresUrl(cluster, 'postgres');
  const logFile = join(dir, 'postgres.log');
  const start = async () => {
    await endLeftoverBackends(cluster);
    const log = await open(logFile, 'a');
    const child = spawnApart(postgresCommand(cluster), ['ignore', log.fd, log.fd]);
    await log.close();
    guard(child, POSTGRES_GUARD);
    await waitFor(child, (signal) => postgresAnswers(url, signal), logFile);
    return child;
  };
  let child = await start();
  return {
    url,
    crash: async () => {
      child.kill('SIGQUIT');
      await ended(child);
    },
    start: async () => {
      child = await start();
    },
    remove: async () => {
      child.kill('SIGINT');
      await ended(child);
      await removeRootPlace(dir, tmpdir());
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describe('a restart of the database', () => {
  let server: Awaited<ReturnType<typeof aServer>>;
  let store: OpenStore;
  const events: string[] = [];

  beforeAll(async () => {
    server = await aServer(await mkdtemp(join(tmpdir(), 'tenure-outage-')));
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

    await server.crash();
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
