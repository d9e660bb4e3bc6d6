import { readdir, readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { failureConverterPath } from '../../src/crypto/data-converter.js';
import { SCENARIOS } from './scenarios.js';

const HISTORIES = new URL('./histories/', import.meta.url);
const files = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));

describe('a recorded history', () => {
  it('exists of every path', () => {
    const recorded = new Set(files.map((name) => name.replace(/\.v\d+\.json$/, '')));
    expect(SCENARIOS.map(({ name }) => name).filter((name) => !recorded.has(name))).toEqual([]);
  });

  it.each(files)('replays: %s', async (name) => {
    const history: unknown = JSON.parse(await readFile(new URL(name, HISTORIES), 'utf8'));
    await Worker.runReplayHistory(
      {
        workflowBundle: { codePath: inject('workflowBundle') },
        dataConverter: { failureConverterPath },
      },
      history,
      'person/demo/0123456789abcdef',
    );
  });
});
