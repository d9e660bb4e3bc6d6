// A full disk under PostgreSQL, then under Temporal: requests are told so, nothing accepted is lost, and all
// goes on when there is space again. Skipped where this process may not mount a small file system.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStarter } from '../../src/api/starter.js';
import { startSweep, type Sweep } from '../../src/api/sweep.js';
import { registerSearchAttributes } from '../../src/api/temporal-setup.js';
import { eventually } from '../support/eventually.js';
import {
  startKillablePostgres,
  startKillableTemporal,
  type Killable,
} from '../support/killable.js';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { startTenure, type Answer, type Tenure } from '../support/tenure.js';

const log = pino({ level: 'silent' });
const dir = await mkdtemp(join(tmpdir(), 'tenure-full-'));
// PostgreSQL runs as another user than root.
await chmod(dir, 0o755);
/** Binaries and an empty cluster take 130 MB. */
const ofPostgres = await mountSmallDisk(join(dir, 'postgres-disk'), 220);
const ofTemporal = await mountSmallDisk(join(dir, 'temporal-disk'), 60);
const isPossible = ofPostgres !== null && ofTemporal !== null;
const why = isPossible ? '' : ' (skipped: only root on Linux may mount a small disk)';

let postgres: Awaited<ReturnType<typeof startKillablePostgres>> | undefined;
let temporal: Awaited<ReturnType<typeof startKillableTemporal>> | undefined;
let tenure: Tenure;
let sweep: Sweep;
beforeAll(async () => {
  if (!isPossible) return;
  [postgres, temporal] = await Promise.all([
    startKillablePostgres(join(dir, 'postgres'), ofPostgres.path),
    startKillableTemporal(join(ofTemporal.path, 'temporal')),
  ]);
  const connection = await Connection.connect({ address: temporal.address });
  await registerSearchAttributes(connection, 'default', log);
  await connection.close();
});
afterAll(async () => {
  await Promise.all([postgres?.remove(), temporal?.remove()]);
  await Promise.all([ofPostgres?.remove(), ofTemporal?.remove()]);
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  if (postgres === undefined || temporal === undefined) throw new Error('not started');
  const { address } = temporal;
  tenure = await startTenure({ servers: { temporalAddress: address, postgresUrl: postgres.url } });
  const { engine, store } = tenure;
  const starter = createStarter({ runs: store.runs, engine, log });
  sweep = startSweep({ runs: store.runs, engine, starter, log, everyMs: 500, ageMs: 500 });
});
afterEach(async () => {
  await Promise.all([ofPostgres?.free(), ofTemporal?.free()]);
  await Promise.all([postgres?.start(), temporal?.start()]);
  await sweep.stop();
  await tenure.close();
});

let people = 0;
async function hire(): Promise<{ login: string; answer: Answer }> {
  people += 1;
  const login = `full.${people}@example.com`;
  const person = { firstName: 'Ada', lastName: `Full ${people}`, email: login };
  const body = { connection: 'demo', person, groups: ['Engineering'] };
  return { login, answer: await tenure.api('POST', '/v1/onboardings', body) };
}

/**
 * Fills it and asks until `isFelt`; then gives the space back, and everything accepted comes true.
 * Resolves with the answers given while it was full.
 */
async function fillsUp(
  disk: SmallDisk,
  server: Killable,
  isFelt: (answer: Answer) => Promise<boolean> | boolean,
): Promise<Answer[]> {
  const accepted: { login: string; id: string }[] = [];
  const ask = async () => {
    const { login, answer } = await hire();
    if (answer.status === 202) accepted.push({ login, id: answer.body.id });
    return answer;
  };
  await ask();
  const answers: Answer[] = [];
  const feels = async () => {
    await disk.fill();
    const answer = await ask();
    answers.push(answer);
    return isFelt(answer);
  };
  await eventually('it is full', feels, 90_000);

  await disk.free();
  // Where it ended for want of space; its supervisor does the same.
  await server.start();
  await eventually('a request is taken', async () => (await ask()).status === 202, 60_000);
  for (const { login, id } of accepted) {
    await tenure.until(id, 'hired', ({ phase }) => phase === 'completed', 90_000);
    expect(await tenure.users(login)).toHaveLength(1);
  }
  return answers;
}

describe.skipIf(!isPossible)(`a full disk${why}`, { timeout: 240_000 }, () => {
  it('of PostgreSQL: requests are told so, nothing accepted is lost, and all goes on with space', async () => {
    if (ofPostgres === null || postgres === undefined) return;
    const answers = await fillsUp(ofPostgres, postgres, ({ status }) => status !== 202);
    const refused = answers.at(-1);
    expect(refused?.body).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
    expect(refused?.headers.get('retry-after')).not.toBeNull();
  });

  it('of Temporal: what it may have taken is kept and started when there is space, all else refused', async () => {
    if (ofTemporal === null || temporal === undefined) return;
    const { runs } = tenure.store;
    const answers = await fillsUp(
      ofTemporal,
      temporal,
      async ({ status }) => status === 503 || (await runs.unstarted(0, 1)).length > 0,
    );
    for (const { status, body } of answers.filter((answer) => answer.status !== 202)) {
      expect(body).toMatchObject({ status: 503, code: 'TEMPORAL_UNAVAILABLE' });
      expect(status).toBe(503);
    }
  });
});
