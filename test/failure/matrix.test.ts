// A sample of the failure matrix and of the cancels, another one every time: the seed is printed, and
// TENURE_MATRIX_SEED tells the same one again. All of it: `npm run test:failure`.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cancelCellsOf, takeSteps } from './cancels.js';
import { cellsOf, takesMinutes, tellUndisturbed } from './cells.js';
import { tellCancels, tellMatrix } from './report.js';
import { startRig, type Rig } from './rig.js';
import { sample } from './sample.js';

const SEED = Number(process.env['TENURE_MATRIX_SEED'] ?? randomInt(1_000_000));
const WITHIN_MS = 300_000;

let rig: Rig;
beforeAll(async () => {
  process.stdout.write(`failure matrix: TENURE_MATRIX_SEED=${SEED}\n`);
  rig = await startRig();
});
afterAll(() => rig.close());

it(
  'ends runs as promised, wherever a cancel meets them',
  async () => {
    const cells = cancelCellsOf(await takeSteps(rig));
    expect(await tellCancels(rig, sample(cells, 60, SEED))).toEqual([]);
  },
  WITHIN_MS,
);

it(
  'ends runs as promised, whatever fault strikes whichever call',
  async () => {
    const baselines = await tellUndisturbed(rig);
    expect(baselines.flatMap(({ breaches }) => breaches)).toEqual([]);
    const cells = cellsOf(baselines).filter((cell) => !takesMinutes(cell));
    expect(await tellMatrix(rig, baselines, sample(cells, 80, SEED))).toEqual([]);
  },
  WITHIN_MS,
);
