// What the stories give the matrix and the cancels. Where a story lost its calls or its steps, each of
// the cells that are left would still be kept: so their number is known, too.
import { cancelCellsOf, type Taken } from './cancels.js';
import { nameOfKind, nameOfStory, type Baseline } from './cells.js';

/** Ways in which a cancel meets each step of a story, and its acceptance. */
export const CANCELS: Readonly<Record<string, number>> = {
  'onboard, 2 groups (demo)': 26,
  'onboard, 2 groups (seed-role)': 26,
  'onboard, no groups (seed-role)': 21,
  'onboard, adopt (demo)': 36,
  'offboard, deprovision (demo)': 41,
  'offboard, undo in the hold (demo)': 46,
  'offboard, undo in the hold (seed-role)': 31,
  'onboard, undo in a park (demo)': 39,
  'onboard, undo in a park (seed-role)': 39,
};

/** Kinds of calls. How many places there are of each hangs on which of two reads comes first. */
export const KINDS_OF_CALLS: Readonly<Record<string, number>> = {
  'onboard, 2 groups (demo)': 5,
  'onboard, 2 groups (seed-role)': 4,
  'onboard, 22 groups (demo)': 6,
  'onboard, 22 groups (seed-role)': 5,
  'onboard, no groups (seed-role)': 3,
  'onboard, adopt (demo)': 6,
  'offboard, deprovision (demo)': 8,
  'offboard, undo in the hold (demo)': 9,
  'offboard, undo in the hold (seed-role)': 6,
  'onboard, undo in a park (demo)': 7,
  'onboard, undo in a park (seed-role)': 7,
};

export function cancelsOf(taken: readonly Taken[]): Record<string, number> {
  return Object.fromEntries(
    taken.map((story) => [nameOfStory(story), cancelCellsOf([story]).length]),
  );
}

export function kindsOfCalls(baselines: readonly Baseline[]): Record<string, number> {
  return Object.fromEntries(
    baselines.map((story) => [nameOfStory(story), new Set(story.places.map(nameOfKind)).size]),
  );
}
