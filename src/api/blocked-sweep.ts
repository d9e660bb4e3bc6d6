// Has blocked connections verified now and then, so that one that nobody waits for is found well again,
// too. Where runs wait, they try it out themselves, and more often. A block of one step is theirs alone:
// a verification that only reads cannot lift it honestly.
import type { Logger } from '../observability/logger.js';
import type { ConnectionStore } from '../store/store.js';
import type { Interactive } from './interactive.js';
import { startRounds, type Rounds } from './rounds.js';

const EVERY_MS = 300_000;

export interface BlockedSweepDeps {
  connections: Pick<ConnectionStore, 'list'>;
  verifySoon: Interactive['verifySoon'];
  log: Logger;
  everyMs?: number;
}

/** Starts sweeping. */
export function startBlockedSweep(deps: BlockedSweepDeps): Rounds {
  const { connections, verifySoon, log, everyMs = EVERY_MS } = deps;
  const once = async (): Promise<void> => {
    for (const { id, status, problem } of await connections.list()) {
      if (status === 'blocked' && problem?.step === undefined) verifySoon(id);
    }
  };
  return startRounds('blocked-sweep', once, { everyMs, log });
}
