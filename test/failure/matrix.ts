// The whole failure matrix, and a cancel at every place: `npm run test:failure`.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cancelCellsOf, takeSteps } from './cancels.js';
import { cellsOf, tellUndisturbed } from './cells.js';
import { CANCELS, cancelsOf, KINDS_OF_CALLS, kindsOfCalls } from './enumerated.js';
import { tellCancels, tellMatrix } from './report.js';
import { startRig, type Rig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

it('ends every run as promised, wherever a cancel meets it', async () => {
  const taken = await takeSteps(rig);
  expect(cancelsOf(taken)).toEqual(CANCELS);
  expect(await tellCancels(rig, cancelCellsOf(taken))).toEqual([]);
});

it('ends every run as promised, whatever fault strikes whichever call', async () => {
  const baselines = await tellUndisturbed(rig);
  expect(baselines.flatMap(({ breaches }) => breaches)).toEqual([]);
  expect(kindsOfCalls(baselines)).toEqual(KINDS_OF_CALLS);
  expect(await tellMatrix(rig, baselines, cellsOf(baselines))).toEqual([]);
});
