import { expect, it } from 'vitest';
import { newStore } from './support.js';

it('the record of decodes says who, when and how many', async () => {
  const { store, query } = await newStore();
  await store.decodes.record('key-1', 3);
  await store.decodes.record(null, 200);
  // Kept to the nearest millisecond, so up to half of one ahead.
  const rows = await query(
    `select api_key_id, payloads,
       at between now() - interval '1 minute' and now()::timestamptz(3) as is_now
       from decodes order by seq`,
  );
  expect(rows).toEqual([
    { api_key_id: 'key-1', payloads: 3, is_now: true },
    { api_key_id: null, payloads: 200, is_now: true },
  ]);
});
