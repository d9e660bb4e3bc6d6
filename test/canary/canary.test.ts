// Secrets and people's data, looked for in everything that a whole installation leaves anywhere.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placePostgres } from '../../src/embedded/postgres-place.js';
import { freePorts, removeHome } from '../../src/demo/installation.js';
import { freePort } from '../../src/embedded/ports.js';
import { eventually } from '../support/eventually.js';
import { PATIENCE_MS, startLife, type Life } from './life.js';
import { filesIn, processesOf, tablesOf, temporalOf, text } from './places.js';
import { searchFor, type Hit, type Place } from './search.js';
import { live, type Told } from './story.js';

interface Allowed {
  where: RegExp;
  canary: RegExp;
  why: string;
}

const ALLOWED: readonly Allowed[] = [
  {
    where: /^home\/master\.key$/,
    canary: /^secret: master key$/,
    why: 'what opens everything else must stand somewhere; readable by its owner only',
  },
  { where: /^home\/admin\.key$/, canary: /^secret: admin key$/, why: 'the same' },
  {
    where: /^home\/(postgres\.password|runtime\.json)$|^process \w+ environ$/,
    canary: /^secret: database password$/,
    why: 'databaseUrl is promised in runtime.json; parts get it as DATABASE_URL',
  },
  {
    where: /^answer POST \/v1\/api-keys 201$/,
    canary: /^secret: second API key$/,
    why: 'shown this once, to the admin who made it',
  },
  {
    where: /^answer (GET|POST) \/v1\/(runs|onboardings|offboardings).* 20[02]$|^cli runs?$/,
    canary: /^(person|text): /,
    why: 'runs are shown to those whose key may read them',
  },
  {
    where: /^answer PUT \/v1\/connections\/acme\/access-profiles/,
    canary: /^text: (group|profile attribute)$/,
    why: 'an access profile is shown to those whose key may read it',
  },
  {
    where: /^home\/simulator\.jsonl$/,
    canary: /^(person|text): /,
    why: 'the simulated Okta, which is not ours: it must know whom it has',
  },
];

/** What a home may hold, and nothing else: no core file, no draft, no copy. */
const HOME = [
  /^(master|admin)\.key$/,
  /^postgres\.(id|password|port)$/,
  /^postgres\//,
  /^simulator\.jsonl$/,
  /^temporal\.sqlite(-wal|-shm)?$/,
  /^logs\/(api|worker|simulator|postgres|temporal)\.log$/,
  /^(lock|runtime\.json)$/,
];

/** What is known to stand in a part's command line and environment. */
const PROCESSES: readonly [string, string][] = existsSync('/proc/self/environ')
  ? [
      ['process postgres cmdline', 'max_connections'],
      ['process temporal cmdline', 'start-dev'],
      ['process simulator cmdline', 'simulator/main.js'],
      ['process api cmdline', 'api/main.js'],
      ['process worker cmdline', 'worker.js'],
      ['process simulator environ', 'TENURE_SIMULATOR_PORT='],
      ['process api environ', 'DATABASE_URL='],
      ['process worker environ', 'DATABASE_URL='],
    ]
  : [];

/** The working directory of every part. */
const checkout = process.cwd();

let filesBefore: string[];
let home: string;
let life: Life;
let told: Told;
let places: Place[];
let hits: Hit[];

// Two starts, and every flow once.
beforeAll(async () => {
  filesBefore = await readdir(checkout);
  home = await mkdtemp(join(tmpdir(), 'tenure-canary-'));
  life = await startLife(home, await freePorts(), await freePort());
  told = await live(life);
  places = await collect();
  const search = searchFor(told.canaries);
  hits = places.flatMap(search);
}, 600_000);
afterAll(async () => {
  await life.stop();
  await removeHome(home);
});

async function collect(): Promise<Place[]> {
  const { installation, metricsUrl, otlp, seen } = life;
  const { runtime } = installation;
  await eventually('traces', () => otlp.bodies.length > 0, PATIENCE_MS);
  await life.api('GET', '/metrics');
  const metrics = await (await fetch(metricsUrl)).text();
  const whileRunning = [
    ...(await processesOf(runtime)),
    ...(await tablesOf(runtime.databaseUrl)),
    ...(await temporalOf(runtime.temporal)),
    ...(await filesIn(home, 'home')),
  ];
  await life.store.close();
  await installation.stop();
  const database = await placePostgres(home, undefined, { onlyLook: true });
  return [
    ...whileRunning,
    ...(await filesIn(home, 'home')),
    ...(await filesIn(database?.data ?? '', 'database files')),
    { where: 'worker metrics', bytes: text(metrics) },
    ...otlp.bodies.map((body) => ({ where: 'traces', bytes: text(body) })),
    { where: 'output', bytes: text(life.output()) },
    ...seen,
  ];
}

const isAllowed = (hit: Hit) => (allowed: Allowed) =>
  allowed.where.test(hit.where) && allowed.canary.test(hit.canary);

describe('secrets and people’s data', () => {
  it('stand nowhere but where they must', () => {
    expect(hits.filter((hit) => !ALLOWED.some(isAllowed(hit)))).toEqual([]);
  });

  it('stand in every place that is said to hold them', () => {
    for (const allowed of ALLOWED) {
      expect(
        hits.some((hit) => isAllowed(hit)(allowed)),
        allowed.why,
      ).toBe(true);
    }
  });

  it.each([
    ['home/logs/api.log', '"event":"http.request"'],
    ['home/logs/worker.log', '"event":"okta.call"'],
    ['home/logs/postgres.log', 'database system is ready'],
    ['home/runtime.json', 'codecEndpoint'],
    ['home/temporal.sqlite', 'binary/encrypted'],
    ['home/simulator.jsonl', '0oaCanary-acme'],
    ['database files/', '0oaCanary-acme'],
    ['table public.runs', 'acme.'],
    ['table public.token_cache', 'acme'],
    ['temporal history', 'binary/encrypted'],
    ['temporal visibility', 'TenureRun'],
    ['traces', 'RunActivity:createUser'],
    ['worker metrics', 'tenure_okta_tokens_minted_total'],
    ['answer GET /metrics 200', 'tenure_connections'],
    ['output', 'Tenure is ready'],
    ['output', '"result":"retried"'],
    ['output', 'DATABASE_UNAVAILABLE'],
    ['cli rekey', 'The master key is replaced'],
    ...PROCESSES,
  ])('were looked for in %s, which holds %s', (where, known) => {
    const found = places.filter((place) => place.where.startsWith(where));
    expect(found.some(({ bytes }) => bytes.includes(known))).toBe(true);
  });

  it.each([
    ...['home/logs/worker.log', 'home/temporal.sqlite', 'database files/', 'table public.runs'],
    ...['temporal history', 'temporal visibility', 'traces', 'output', 'answer GET'],
  ])('would have been found in %s, as the mark of a person is', (where) => {
    const search = searchFor([{ name: 'mark', values: [told.subjectRef] }]);
    const found = places.filter((place) => place.where.startsWith(where)).flatMap(search);
    expect(found.map(({ canary }) => canary)).toContain('mark');
  });

  it('leave no file behind that is not known, and keys open to nobody else', async () => {
    const files = places.flatMap(({ where }) => /^home\/(.*)$/s.exec(where)?.[1] ?? []);
    expect(files.filter((file) => !HOME.some((form) => form.test(file)))).toEqual([]);
    expect(await readdir(checkout)).toEqual(filesBefore);
    for (const file of ['master.key', 'admin.key', 'postgres.password', 'simulator.jsonl']) {
      expect((await stat(join(home, file))).mode & 0o777, file).toBe(0o600);
    }
  });
});
