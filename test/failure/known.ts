// Cells that breach a promise for a reason that is known: they are not told, so that the rest stands
// for itself. Empty is as it should be.
import type { CancelCell } from './cancels.js';
import type { Cell } from './cells.js';

export interface Known<C> {
  reason: string;
  is: (cell: C) => boolean;
}

const LOST = ['lost-answer', 'slow'];

export const KNOWN: readonly Known<Cell>[] = [
  {
    reason: 'what an attempt whose answer was lost did is not in the ledger',
    is: ({ place, fault, baseline: { role } }) =>
      role === 'demo' && LOST.includes(fault) && /\/(unsuspend|deactivate)$/.test(place.path),
  },
  {
    reason: 'a look that fails after the deed has the deed done again',
    is: ({ place, baseline: { flow } }) =>
      flow.name === 'offboard, undo in the hold' &&
      place.path === '/api/v1/users/*' &&
      place.after === 3,
  },
];

export const KNOWN_OF_CANCELS: readonly Known<CancelCell>[] = [
  {
    reason: 'an attempt that fails after the cancel has reached it fails the workflow',
    is: (cell) => cell.way === 'in a failing attempt of' && isForward(cell),
  },
  {
    reason: 'a step whose answer was lost stays running where a cancel ends its attempts',
    is: (cell) =>
      cell.way === 'before a second attempt of' && isForward(cell) && stepOf(cell)?.writes === true,
  },
  {
    reason: 'a cancel that meets the last step is passed over',
    is: (cell) =>
      cell.index === cell.taken.steps.length - 1 &&
      isForward(cell) &&
      stepOf(cell)?.name === 'readBack',
  },
  {
    reason: 'a suspension that was never begun is undone, which parks where the role may not look',
    is: ({ taken: { role, steps, flow }, index }) =>
      role === 'seed-role' &&
      flow.kind === 'offboarding' &&
      index === steps.findIndex(({ name }) => name === 'suspendUser') - 1,
  },
  {
    reason: 'an undo takes people out of groups that they were never put into',
    is: (cell) =>
      cell.taken.flow.name === 'onboard, undo in a park' &&
      isForward(cell) &&
      ['createUser', 'assignGroups'].includes(stepOf(cell)?.name ?? ''),
  },
];

function isForward({ taken, index }: CancelCell): boolean {
  return index < taken.forward;
}

function stepOf({ taken, index }: CancelCell) {
  return taken.steps[index];
}
