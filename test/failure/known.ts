// Cells that breach a promise for a reason that is known: they are not told, so that the rest stands
// for itself. Empty is as it should be.
import type { CancelCell } from './cancels.js';
import type { Cell } from './cells.js';

export interface Known<C> {
  reason: string;
  is: (cell: C) => boolean;
}

export const KNOWN: readonly Known<Cell>[] = [];

export const KNOWN_OF_CANCELS: readonly Known<CancelCell>[] = [];
