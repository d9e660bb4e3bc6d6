import { describe, expect, it } from 'vitest';
import { newStore, sha256 } from './support.js';

const BODY = sha256('{}');
const CLAIM = ['key-1', 'order-66', BODY] as const;

describe('an Idempotency-Key', () => {
  it('is claimed by one of many at once; the others see it is being worked on', async () => {
    const { store } = await newStore();
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => store.idempotency.claim(...CLAIM)),
    );
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'pending')).toHaveLength(19);
  });

  it('gives the same answer for the same body, and refuses another one', async () => {
    const { store } = await newStore();
    await store.idempotency.claim(...CLAIM);
    expect(await store.idempotency.claim('key-1', 'order-66', sha256('other'))).toEqual({
      kind: 'reused',
    });
    await store.idempotency.finish('key-1', 'order-66', 202, 'acme.3f.0199');
    expect(await store.idempotency.claim(...CLAIM)).toEqual({
      kind: 'answered',
      status: 202,
      resource: 'acme.3f.0199',
    });
    expect(await store.idempotency.claim('key-1', 'order-66', sha256('other'))).toEqual({
      kind: 'reused',
    });
  });

  it('belongs to the API key that sent it', async () => {
    const { store } = await newStore();
    await store.idempotency.claim(...CLAIM);
    expect(await store.idempotency.claim('key-2', 'order-66', BODY)).toEqual({ kind: 'claimed' });
  });

  it('is free again once released, but not once answered', async () => {
    const { store } = await newStore();
    await store.idempotency.claim(...CLAIM);
    await store.idempotency.release('key-1', 'order-66');
    expect(await store.idempotency.claim(...CLAIM)).toEqual({ kind: 'claimed' });
    await store.idempotency.finish('key-1', 'order-66', 202, 'r');
    await store.idempotency.release('key-1', 'order-66');
    expect((await store.idempotency.claim(...CLAIM)).kind).toBe('answered');
  });

  it('can be claimed again twenty seconds after a crash, with the same body only', async () => {
    const { store, query } = await newStore();
    await store.idempotency.claim(...CLAIM);
    await query(`update idempotency set claimed_at = claimed_at - interval '15 seconds'`);
    expect(await store.idempotency.claim(...CLAIM)).toEqual({ kind: 'pending' });
    await query(`update idempotency set claimed_at = claimed_at - interval '6 seconds'`);
    expect(await store.idempotency.claim('key-1', 'order-66', sha256('other'))).toEqual({
      kind: 'reused',
    });
    expect(await store.idempotency.claim(...CLAIM)).toEqual({ kind: 'claimed' });
    expect(await store.idempotency.claim(...CLAIM)).toEqual({ kind: 'pending' });
  });

  it('is forgotten after a day, its row swept by whoever comes next', async () => {
    const { store, query } = await newStore();
    await store.idempotency.claim(...CLAIM);
    await store.idempotency.finish('key-1', 'order-66', 202, 'r');
    await store.idempotency.claim('key-1', 'another', BODY);
    await query(`update idempotency set claimed_at = claimed_at - interval '25 hours'`);
    expect(await store.idempotency.claim('key-1', 'order-66', sha256('other'))).toEqual({
      kind: 'claimed',
    });
    expect(await query('select 1 from idempotency')).toHaveLength(1);
  });
});
