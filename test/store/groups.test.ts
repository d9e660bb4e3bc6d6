import { describe, expect, it } from 'vitest';
import { as, type ConnectionId, type OktaGroupId } from '../../src/domain/brand.js';
import { CONNECTION, countStatements, newStore } from './support.js';

const MINUTE = 60_000;
const ACME = 'https://acme.okta.com';
const asked = (over: Partial<{ connection: ConnectionId; origin: string; name: string }> = {}) => ({
  connection: CONNECTION,
  origin: ACME,
  name: 'Engineering',
  ...over,
});
const group = (name = 'Engineering', id = '00g00000000000000001') => ({
  id: as<OktaGroupId>(id),
  type: 'OKTA_GROUP',
  name,
});

describe('groups that Okta showed a moment ago', () => {
  it('are known to another worker, with the time since Okta answered', async () => {
    const { store, open } = await newStore();
    const other = await open();
    await store.groups.remember(asked(), { group: group(), ageMs: 5_000 });
    const known = await other.groups.recall(asked(), MINUTE);
    expect(known?.group).toEqual(group());
    expect(known?.ageMs).toBeGreaterThanOrEqual(5_000);
    expect(known?.ageMs).toBeLessThan(20_000);
  });

  it('are not known for longer than was asked', async () => {
    const { store } = await newStore();
    await store.groups.remember(asked(), { group: group(), ageMs: MINUTE });
    expect(await store.groups.recall(asked(), MINUTE)).toBeNull();
    expect((await store.groups.recall(asked(), 2 * MINUTE))?.group).toEqual(group());
  });

  it.each([
    ['name', { name: 'engineering' }],
    ['connection', { connection: as<ConnectionId>('globex') }],
    ['org of the same connection', { origin: 'https://globex.okta.com' }],
  ])('are not those of another %s', async (_, over) => {
    const { store } = await newStore();
    await store.groups.remember(asked(), { group: group(), ageMs: 0 });
    expect(await store.groups.recall(asked(over), MINUTE)).toBeNull();
  });

  it('give way to a later answer, not to an earlier one that comes late', async () => {
    const { store } = await newStore();
    await store.groups.remember(asked(), { group: group('Engineering', 'first'), ageMs: 2_000 });
    await store.groups.remember(asked(), { group: group('Engineering', 'later'), ageMs: 0 });
    await store.groups.remember(asked(), { group: group('Engineering', 'late'), ageMs: 30_000 });
    expect((await store.groups.recall(asked(), MINUTE))?.group.id).toBe('later');
  });

  it('are void where the clock of the database was put back', async () => {
    const { store, query } = await newStore();
    await store.groups.remember(asked(), { group: group(), ageMs: 0 });
    await query(`update known_groups set read_at = clock_timestamp() + interval '1 hour'`);
    expect(await store.groups.recall(asked(), MINUTE)).toBeNull();
    await store.groups.remember(asked(), { group: group('Engineering', 'now'), ageMs: 0 });
    expect((await store.groups.recall(asked(), MINUTE))?.group.id).toBe('now');
  });

  it('cost one statement to read and one to keep', async () => {
    const { store } = await newStore();
    const kept = () => store.groups.remember(asked(), { group: group(), ageMs: 0 });
    expect(await countStatements(kept)).toBe(1);
    expect(await countStatements(() => store.groups.recall(asked(), MINUTE))).toBe(1);
  });

  it('show no name in the tables, and are gone after some minutes', async () => {
    const { store, query } = await newStore();
    await store.groups.remember(asked(), { group: group(), ageMs: 0 });
    const [row] = await query('select * from known_groups');
    expect(JSON.stringify(row)).not.toContain('Engineering');
    expect((row?.['found'] as Buffer).toString('latin1')).not.toContain('Engineering');
    await query(`update known_groups set read_at = read_at - interval '11 minutes'`);
    await store.groups.remember(asked({ name: 'Sales' }), { group: group('Sales'), ageMs: 0 });
    expect(await query('select * from known_groups')).toHaveLength(1);
  });

  it('are forgotten by connection', async () => {
    const { store } = await newStore();
    const globex = asked({ connection: as<ConnectionId>('globex') });
    await store.groups.remember(asked(), { group: group(), ageMs: 0 });
    await store.groups.remember(globex, { group: group(), ageMs: 0 });
    await store.groups.forget(CONNECTION);
    expect(await store.groups.recall(asked(), MINUTE)).toBeNull();
    expect(await store.groups.recall(globex, MINUTE)).not.toBeNull();
  });
});
