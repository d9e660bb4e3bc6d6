import { describe, expect, it } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { newStore } from './support.js';

describe('API keys', () => {
  it('are found by id with their hash, listed in order of making, and deleted once', async () => {
    const { store } = await newStore();
    const hash = Buffer.alloc(32, 7);
    const admin = await store.apiKeys.create(
      { id: 'k1', name: 'first', role: 'admin', connections: null },
      hash,
    );
    const limited = await store.apiKeys.create(
      { id: 'k2', name: 'hr', role: 'operator', connections: [as('acme'), as('globex')] },
      Buffer.alloc(32, 8),
    );
    expect(limited.connections).toEqual(['acme', 'globex']);
    expect(await store.apiKeys.find('k1')).toEqual({ key: admin, hash });
    expect(await store.apiKeys.list()).toEqual([admin, limited]);
    expect(await store.apiKeys.delete('k1')).toBe(true);
    expect(await store.apiKeys.delete('k1')).toBe(false);
    expect(await store.apiKeys.find('k1')).toBeNull();
  });
});
