// Access profiles over HTTP, on a real store: kept by name, and resolved before a run starts.
import { describe, expect, it } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { faults, useConnections } from './connections-harness.js';
import { KEYS, onboarding } from './harness.js';

const here = useConnections();

describe('an access profile', () => {
  const path = '/v1/connections/demo/access-profiles';
  const put = (name: string, body: unknown, key = KEYS.admin) =>
    here.api.call('PUT', `${path}/${encodeURIComponent(name)}`, { key, body });
  const engineer = { groups: ['Engineering', 'All staff'], attributes: { floor: 3, desk: 'A' } };

  it('is made, replaced, listed and deleted', async () => {
    const answer = { name: 'Büro Nord', ...engineer };
    expect(await put('Büro Nord', engineer)).toMatchObject({ status: 201, body: answer });
    expect(await put('Büro Nord', engineer)).toMatchObject({ status: 200, body: answer });
    const one = `${path}/${encodeURIComponent('Büro Nord')}`;
    expect(await here.api.get(one)).toMatchObject({ status: 200, body: answer });
    expect((await here.api.get(path)).body.items).toContainEqual(answer);
    expect((await here.api.call('DELETE', one, { key: KEYS.admin })).status).toBe(204);
    expect((await here.api.get(one)).body.code).toBe('ACCESS_PROFILE_NOT_FOUND');
    expect((await here.api.call('DELETE', one, { key: KEYS.admin })).status).toBe(404);
  });

  it('is changed by admins only, and refused where it makes no sense', async () => {
    expect((await put('x', engineer, KEYS.operator)).status).toBe(403);
    expect(faults(await put('x', {}))).toEqual([['groups', 'REQUIRED']]);
    expect(faults(await put('a/b', engineer))).toEqual([['name', 'INVALID']]);
    expect(faults(await put('x', { groups: ['A', 'A'] }))).toEqual([['groups.1', 'DUPLICATE']]);
    expect(faults(await put('x', { groups: [], attributes: { login: 'x' } }))).toEqual([
      ['attributes.login', 'INVALID'],
    ]);
  });

  it('is resolved before a run starts: groups merged, the person’s attributes above', async () => {
    await put('engineer', engineer);
    const person = { firstName: 'A', lastName: 'B', email: 'eng@example.com' };
    const request = onboarding({
      person: { ...person, attributes: { desk: 'B' } },
      groups: ['All staff', 'Berlin'],
      accessProfile: 'engineer',
    });
    const started = await here.api.post('/v1/onboardings', request);
    expect(started.status).toBe(202);
    const input = (await here.store.runs.input(as(started.body.id))) as Record<string, unknown>;
    expect(input).toMatchObject({
      groups: ['Engineering', 'All staff', 'Berlin'],
      person: { attributes: { floor: 3, desk: 'B' } },
    });
    expect(input).toHaveProperty('accessProfile', 'engineer');

    const spelled = onboarding({
      person: { ...person, attributes: { floor: 3, desk: 'B' } },
      groups: ['Berlin', 'Engineering', 'All staff'],
    });
    const same = await here.api.post('/v1/onboardings', spelled);
    expect(same).toMatchObject({ status: 200, body: { id: started.body.id } });
  });

  it('must exist, with every other fault of the request', async () => {
    const reply = await here.api.post('/v1/onboardings', onboarding({ accessProfile: 'nobody' }));
    expect(reply.status).toBe(400);
    expect(faults(reply)).toEqual([['accessProfile', 'INVALID']]);
    const more = onboarding({ accessProfile: 'nobody', startAt: 'soon' });
    expect(faults(await here.api.post('/v1/onboardings', more)).sort()).toEqual([
      ['accessProfile', 'INVALID'],
      ['startAt', 'TIME_INVALID'],
    ]);
  });

  it('may not lead to more groups than a request may name', async () => {
    const groups = Array.from({ length: 60 }, (_, at) => `G${at}`);
    await put('many', { groups });
    const own = Array.from({ length: 60 }, (_, at) => `H${at}`);
    const reply = await here.api.post(
      '/v1/onboardings',
      onboarding({ accessProfile: 'many', groups: own }),
    );
    expect(faults(reply)).toEqual([['groups', 'TOO_LONG']]);
  });
});
