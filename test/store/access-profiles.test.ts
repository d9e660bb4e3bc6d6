import { describe, expect, it } from 'vitest';
import { as, type ConnectionId } from '../../src/domain/brand.js';
import { aConnection, CONNECTION, newStore } from './support.js';

const GLOBEX = as<ConnectionId>('globex');
const ENGINEER = { name: 'engineer', groups: ['Engineering'], attributes: { floor: 3 } };

describe('access profiles', () => {
  it('are made, replaced, listed by name and removed, each connection its own', async () => {
    const { store } = await newStore();
    const { accessProfiles: profiles } = store;
    await store.connections.put(aConnection());
    await store.connections.put(aConnection({ id: GLOBEX, clientId: '0oa2' }));
    expect(await profiles.put(CONNECTION, ENGINEER)).toBe('made');
    expect(await profiles.put(CONNECTION, { ...ENGINEER, groups: ['R&D'] })).toBe('replaced');
    expect(await profiles.put(CONNECTION, { ...ENGINEER, name: 'Büro' })).toBe('made');
    expect(await profiles.put(GLOBEX, ENGINEER)).toBe('made');

    expect(await profiles.get(CONNECTION, 'engineer')).toEqual({ ...ENGINEER, groups: ['R&D'] });
    expect((await profiles.list(CONNECTION)).map(({ name }) => name).sort()).toEqual([
      'Büro',
      'engineer',
    ]);
    expect(await profiles.list(GLOBEX)).toEqual([ENGINEER]);
    expect(await profiles.get(GLOBEX, 'Büro')).toBeNull();

    expect(await profiles.remove(CONNECTION, 'engineer')).toBe(true);
    expect(await profiles.remove(CONNECTION, 'engineer')).toBe(false);
    expect(await profiles.get(CONNECTION, 'engineer')).toBeNull();
    expect(await profiles.list(GLOBEX)).toEqual([ENGINEER]);
  });
});
