// Sees to it that every next key is being tried, also where Temporal was away when it was offered, or
// somebody ended the workflow. Asking again is harmless: there is one workflow a connection.
import type { Logger } from '../observability/logger.js';
import type { ConnectionKeyStore } from '../store/store.js';
import { startRounds, type Rounds } from './rounds.js';
import type { Engine } from './temporal.js';

const EVERY_MS = 30_000;
/** Whoever offered a key has just asked for it. */
const AGE_MS = 10_000;

export interface KeySweepDeps {
  connectionKeys: Pick<ConnectionKeyStore, 'waiting'>;
  engine: Pick<Engine, 'adoptKey'>;
  log: Logger;
  everyMs?: number;
  ageMs?: number;
}

/** Starts sweeping. */
export function startKeySweep(deps: KeySweepDeps): Rounds {
  const { connectionKeys, engine, log, everyMs = EVERY_MS, ageMs = AGE_MS } = deps;
  const once = async (): Promise<void> => {
    for (const id of await connectionKeys.waiting(ageMs)) await engine.adoptKey(id, 'waiting');
  };
  return startRounds('key-sweep', once, { everyMs, log });
}
