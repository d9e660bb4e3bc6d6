// Work that is done again and again until told to stop, one round after the other.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';

export interface Rounds {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

/** Starts the rounds; one that fails is logged as `<name>.failed` and the next comes in its time. */
export function startRounds(
  name: string,
  once: (stopped: AbortSignal) => Promise<void>,
  { everyMs, log }: { everyMs: number; log: Logger },
): Rounds {
  const stop = new AbortController();

  async function loop(): Promise<void> {
    while (await pause()) {
      await once(stop.signal).catch((error: unknown) => {
        log.warn({ event: `${name}.failed`, error });
      });
    }
  }

  /** False when stopped. */
  function pause(): Promise<boolean> {
    return sleep(everyMs, true, { signal: stop.signal }).catch(() => false);
  }

  const running = loop();
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
