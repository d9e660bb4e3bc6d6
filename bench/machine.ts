// The machine that a benchmark ran on: without it no number means anything, and with it only ratios do.
import { open, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { summary } from './table.js';

export interface Machine {
  at: string;
  cores: number;
  cpu: string;
  memoryGb: number;
  system: string;
  node: string;
  /** Average number of runnable processes in the minute before: more than none slows all down. */
  loadBefore: number;
  /** Median of a 4 KB write with fsync, where the databases lie; milliseconds. */
  fsyncMs: number;
}

/** `directory` is on the disk that is measured. */
export async function describeMachine(directory: string): Promise<Machine> {
  return {
    at: new Date().toISOString(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? NaN,
    fsyncMs: await measureFsync(directory),
  };
}

const FSYNCS = 100;

async function measureFsync(directory: string): Promise<number> {
  const path = join(directory, 'fsync.probe');
  const file = await open(path, 'w');
  try {
    const block = Buffer.alloc(4_096, 1);
    const times: number[] = [];
    for (let n = 0; n < FSYNCS; n += 1) {
      const before = performance.now();
      await file.write(block);
      await file.sync();
      times.push(performance.now() - before);
    }
    return summary(times).median;
  } finally {
    await file.close();
    await rm(path);
  }
}
