// A sample of the failure matrix and of the cancels, another one every time: the seed is printed, and
// TENURE_MATRIX_SEED tells the same one again. All of it: `npm run test:failure`.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomOf } from '../kill/random.js';
import { cancelCellsOf, takeSteps } from './cancels.js';
import { cellsOf, takesMinutes, tellUndisturbed } from './cells.js';
import { CANCELS, cancelsOf, KINDS_OF_CALLS, kindsOfCalls } from './enumerated.js';
import { tellCancels, tellMatrix } from './report.js';
import { startRig, type Rig } from './rig.js';

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
    const taken = await takeSteps(rig);
    expect(cancelsOf(taken)).toEqual(CANCELS);
    const cells = randomOf(SEED).some(cancelCellsOf(taken), 60);
    expect(await tellCancels(rig, cells)).toEqual([]);
  },
  WITHIN_MS,
);

it(
  'ends runs as promised, whatever fault strikes whichever call',
  async () => {
    const baselines = await tellUndisturbed(rig);
    expect(baselines.flatMap(({ breaches }) => breaches)).toEqual([]);
    expect(kindsOfCalls(baselines)).toEqual(KINDS_OF_CALLS);
    const short = cellsOf(baselines).filter((cell) => !takesMinutes(cell));
    expect(await tellMatrix(rig, baselines, randomOf(SEED).some(short, 80))).toEqual([]);
  },
  WITHIN_MS,
);
