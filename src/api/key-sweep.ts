// Sees to it that every next key is being tried, also where Temporal was away when it was offered, or
// somebody ended the workflow. Asking again is harmless: there is one workflow a connection.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';
import type { ConnectionKeyStore } from '../store/store.js';
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

/** Starts sweeping; `stop` ends it after the round that is under way. */
export function startKeySweep(deps: KeySweepDeps): { stop: () => Promise<void> } {
  const { connectionKeys, engine, log, everyMs = EVERY_MS, ageMs = AGE_MS } = deps;
  const stopped = new AbortController();
  const pause = () => sleep(everyMs, true, { signal: stopped.signal }).catch(() => false);

  async function loop(): Promise<void> {
    while (await pause()) {
      try {
        for (const id of await connectionKeys.waiting(ageMs)) await engine.adoptKey(id, 'waiting');
      } catch (error) {
        log.warn({ event: 'key-sweep.failed', error });
      }
    }
  }

  const running = loop();
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
