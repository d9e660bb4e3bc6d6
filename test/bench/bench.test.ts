// The benchmarks' own tools: what they print, what they count, and that the baseline is what it says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { startBareSide } from '../../bench/bare.js';
import { countStatements, historyCost } from '../../bench/cost.js';
import { memoryOf } from '../../bench/memory.js';
import { isMet, ratios, summary, table, type Result } from '../../bench/table.js';

const RESULT: Result = {
  id: 'throughput',
  what: 'runs per second',
  unit: '',
  baseline: summary([10, 12, 11]),
  value: summary([8, 9, 8.5]),
  ratio: ratios([8, 9, 8.5], [10, 12, 11]),
  target: { of: 'ratio', bound: 'at least', limit: 0.7 },
};

describe('the table', () => {
  it('shows medians with their spread, the baseline beside them', () => {
    expect(table([RESULT]).split('\n')[1]).toMatch(
      /^runs per second +11\.0 \(10\.0–12\.0\) +8\.50 \(8\.00–9\.00\) +0\.77 .* at least 0\.7 × +yes$/,
    );
  });

  it('takes the middle of an even number of values', () => {
    expect(summary([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4, count: 4 });
  });

  it('says when a target is missed, and nothing where there is none', () => {
    const strict: Result = { ...RESULT, target: { of: 'value', bound: 'at most', limit: 8 } };
    expect([isMet(RESULT), isMet(strict), isMet({ ...RESULT, target: null })]).toEqual([
      true,
      false,
      null,
    ]);
  });
});

describe('the counters', () => {
  it('count statements by kind, without those of the benchmark itself', () => {
    const log = [
      '2026-01-01 00:00:00.000 UTC [11] LOG:  execute <unnamed>: ',
      '\t    with locked as (select 1)',
      '\t    update rate_buckets as row set remaining = 1',
      '2026-01-01 00:00:00.000 UTC [11] LOG:  statement: begin',
      '2026-01-01 00:00:00.000 UTC [12] LOG:  statement: begin',
      '2026-01-01 00:00:00.000 UTC [11] LOG:  checkpoint starting: time',
    ].join('\n');
    expect(countStatements(log, new Set([12]))).toEqual({ 'update rate_buckets': 1, begin: 1 });
  });

  it.runIf(process.platform === 'linux')('see the memory of a process', () => {
    const { us } = memoryOf({ us: { pid: process.pid } });
    expect(us).toBeGreaterThan(10);
  });
});

describe('the baseline', () => {
  it('is a workflow with so many activities, done by a process that ends when told', async () => {
    const address = inject('temporalAddress');
    const directory = await mkdtemp(join(tmpdir(), 'tenure-test-'));
    const connection = await Connection.connect({ address });
    const client = new Client({ connection });
    const bare = await startBareSide({ directory, address, client, activities: 5 });
    const handle = await bare.start();
    await handle.result();
    expect(await historyCost(handle)).toMatchObject({ activities: 5, localActivities: 0 });
    await bare.stop();
    await connection.close();
    await rm(directory, { recursive: true });
  }, 60_000);
});
