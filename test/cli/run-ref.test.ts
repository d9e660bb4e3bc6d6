// The ways to name a run at the terminal.
import { describe, expect, it } from 'vitest';
import type { SeenRun } from '../../src/cli/seen-run.js';
import { run, startStub } from './harness.js';
import { sampleRun } from './sample.js';

const SUBJECT = '3f9c0d2a7be41c55';
/** Each in its own millisecond, the newest first, as lists have them. */
const runs = Array.from({ length: 450 }, (_, age) => {
  const ms = Date.parse('2027-03-31T14:00:00Z') - age * 86_400_000;
  const time = ms.toString(16).padStart(12, '0');
  return sampleRun({
    id: `demo.${SUBJECT}.${time.slice(0, 8)}-${time.slice(8)}-7abc-8def-${String(age).padStart(12, '0')}`,
    createdAt: new Date(ms).toISOString(),
    person: { login: `p${age}@example.com`, name: null, oktaUserId: null },
  });
});
const lastPart = (of: SeenRun | undefined) => of?.id.split('.')[2] ?? '';

/** Lists in pages, by login where it is asked for, and single runs. */
async function startService(all: readonly SeenRun[] = runs) {
  const stub = await startStub(({ path, method }) => {
    const url = new URL(path, 'http://x');
    if (method === 'POST') return { body: all[0] };
    if (url.pathname !== '/v1/runs') {
      const id = decodeURIComponent(url.pathname.split('/')[3] ?? '');
      return { body: all.find((one) => one.id.startsWith(id)) };
    }
    const login = url.searchParams.get('login');
    const from = Number(url.searchParams.get('cursor') ?? '0');
    const found = all.filter(({ person }) => login === null || person.login === login);
    const items = found.slice(from, from + 200);
    return {
      body: {
        items,
        ...(from + 200 < found.length ? { nextCursor: String(from + 200) } : {}),
      },
    };
  });
  const show = async (ref: string) => {
    const { exitCode, out, err } = await run(['run', ref, '--json'], { env: stub.env });
    const said = JSON.parse(out) as { id?: string; error?: string };
    return { exitCode, id: said.id, error: said.error, err };
  };
  return { ...stub, show };
}

describe('a run is named', () => {
  it('by its id, or without its last part, and nothing else is asked', async () => {
    const { show, asked } = await startService();
    expect((await show(runs[7]?.id ?? '')).id).toBe(runs[7]?.id);
    expect((await show(`demo.${SUBJECT}`)).exitCode).toBe(0);
    expect(asked.map(({ path }) => path)).toEqual([
      `/v1/runs/${runs[7]?.id ?? ''}`,
      `/v1/runs/demo.${SUBJECT}`,
    ]);
  });

  it.each([0, 7, 199, 200, 449])(
    'by the last part of its id: the one of %i days ago',
    async (age) => {
      const { show } = await startService();
      expect((await show(lastPart(runs[age]))).id).toBe(runs[age]?.id);
      expect((await show(lastPart(runs[age]).slice(0, 13))).id).toBe(runs[age]?.id);
    },
  );

  it('by a unique beginning, looking no further back than it can be', async () => {
    const { show, asked } = await startService();
    expect((await show(lastPart(runs[3]).slice(0, 9))).id).toBe(runs[3]?.id);
    expect(asked).toHaveLength(2);
  });

  it('by a beginning that several have: they are named, and none is taken', async () => {
    const { show } = await startService();
    const { exitCode, error } = await show(lastPart(runs[0]).slice(0, 2));
    expect(exitCode).toBe(2);
    expect(error).toContain('Several runs could be meant by 01');
    expect(error).toContain(runs[0]?.id);
  });

  it('by a login: the latest run of that person', async () => {
    const [first, second] = [runs[0], runs[5]].map((one) =>
      sampleRun({ ...one, person: { login: 'ada@example.com', name: null, oktaUserId: null } }),
    );
    const { show, asked } = await startService([first ?? sampleRun(), second ?? sampleRun()]);
    expect((await show('ada@example.com')).id).toBe(first?.id);
    expect(asked[0]?.path).toBe('/v1/runs?login=ada%40example.com&limit=200');
  });

  it('by a login that looks like the beginning of an id', async () => {
    const ada = sampleRun({ person: { login: 'adadead', name: null, oktaUserId: null } });
    const { show } = await startService([ada]);
    expect((await show('adadead')).id).toBe(ada.id);
  });

  it('by a login that has none: that is said', async () => {
    const { show } = await startService();
    expect(await show('nobody@example.com')).toMatchObject({
      exitCode: 1,
      error: 'There is no run of nobody@example.com in the connections that this key may see.',
    });
  });
});

describe('a run that is to be changed', () => {
  const ofAda = (connection: string, phase: SeenRun['phase']) =>
    sampleRun({ id: sampleRun().id.replace('demo', connection), connection, phase });
  const cancel = ['cancel', 'ada@example.com'];

  it('is the one that its login leads to', async () => {
    const { env, asked } = await startService([
      ofAda('demo', 'holding'),
      ofAda('acme', 'completed'),
    ]);
    expect((await run(cancel, { env })).exitCode).toBe(0);
    expect(asked.at(-1)).toMatchObject({
      method: 'POST',
      path: `/v1/runs/${sampleRun().id}/cancel`,
    });
  });

  it('is not guessed where the login has open runs in two orgs', async () => {
    const both = [ofAda('demo', 'holding'), ofAda('acme', 'scheduled')];
    const { env, asked } = await startService(both);
    const { exitCode, err } = await run(cancel, { env });
    expect(exitCode).toBe(2);
    for (const { id } of both) expect(err).toContain(id);
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });
});
