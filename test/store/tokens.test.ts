import { describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../src/domain/brand.js';
import { aConnection, CONNECTION, given, newDatabase, newStore } from './support.js';

const FAR = '2099-01-01T00:00:00.000Z';

/** Counts what was minted. */
function aMint(expiresAt = FAR) {
  const minted: string[] = [];
  const mint = () => {
    minted.push(`token-${minted.length + 1}`);
    return Promise.resolve({
      accessToken: given(minted.at(-1)),
      proofKey: null,
      scopes: ['okta.users.read'],
      expiresAt,
    });
  };
  return { minted, mint };
}

describe('the token cache', () => {
  it('mints once for many callers of two workers, and all get that token', async () => {
    const database = await newDatabase();
    const stores = [await database.open(), await database.open()];
    const { minted, mint } = aMint();
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        given(stores[at % 2]).tokens.refresh(CONNECTION, null, mint),
      ),
    );
    expect(minted).toEqual(['token-1']);
    expect(new Set(tokens.map(({ generation }) => generation)).size).toBe(1);
    expect(await given(stores[1]).tokens.read(CONNECTION)).toEqual({
      accessToken: 'token-1',
      proofKey: null,
      scopes: ['okta.users.read'],
      expiresAt: FAR,
      generation: tokens[0]?.generation,
    });
  });

  it('mints once more when many refuse the same generation', async () => {
    const { store } = await newStore();
    const { minted, mint } = aMint();
    const { generation } = await store.tokens.refresh(CONNECTION, null, mint);
    await Promise.all(
      Array.from({ length: 10 }, () => store.tokens.refresh(CONNECTION, generation, mint)),
    );
    expect(minted).toEqual(['token-1', 'token-2']);
    const late = await store.tokens.refresh(CONNECTION, generation, mint);
    expect(late.accessToken).toBe('token-2');
  });

  it('does not hand out what has expired', async () => {
    const { store } = await newStore();
    const expired = aMint('2020-01-01T00:00:00.000Z');
    await store.tokens.refresh(CONNECTION, null, expired.mint);
    const { mint } = aMint();
    expect(await store.tokens.refresh(CONNECTION, null, mint)).toMatchObject({ expiresAt: FAR });
  });

  it('passes on what the mint says, keeps the old token and lets the next one try', async () => {
    const { store } = await newStore();
    const { mint } = aMint();
    const first = await store.tokens.refresh(CONNECTION, null, mint);
    const refused = new Error('invalid_client');
    await expect(
      store.tokens.refresh(CONNECTION, first.generation, () => Promise.reject(refused)),
    ).rejects.toBe(refused);
    expect(await store.tokens.read(CONNECTION)).toEqual(first);
    const second = await store.tokens.refresh(CONNECTION, first.generation, mint);
    expect(second.accessToken).toBe('token-2');
  });

  it('lets a mint use the store, with more connections minting than the pool has', async () => {
    const { store } = await newStore();
    const ids = Array.from({ length: 25 }, (_, at) => `acme-${at}` as ConnectionId);
    for (const id of ids) await store.connections.put(aConnection({ id }));
    const tokens = await Promise.all(
      ids.map((id) =>
        store.tokens.refresh(id, null, async () => {
          const credentials = await store.connections.credentials(id);
          const accessToken = given(credentials).origin + id;
          return { accessToken, proofKey: null, scopes: [], expiresAt: FAR };
        }),
      ),
    );
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(25);
  });

  it('keeps a bound token with its key, in one envelope', async () => {
    const { store, query } = await newStore();
    const bound = {
      accessToken: 'bound-token',
      proofKey: { kty: 'RSA', n: 'n', e: 'AQAB', d: 'secret' },
      scopes: ['okta.users.read'],
      expiresAt: FAR,
    };
    const { generation } = await store.tokens.refresh(CONNECTION, null, () =>
      Promise.resolve(bound),
    );
    expect(await store.tokens.read(CONNECTION)).toEqual({ ...bound, generation });
    const [row] = await query('select row_to_json(token_cache)::text as line from token_cache');
    expect(row?.['line']).not.toContain('secret');
    const { mint } = aMint();
    await store.tokens.refresh(CONNECTION, generation, mint);
    expect(await store.tokens.read(CONNECTION)).toMatchObject({ proofKey: null });
  });

  it('has none before the first', async () => {
    const { store } = await newStore();
    expect(await store.tokens.read(CONNECTION)).toBeNull();
  });
});
