// How many calls are on their way to Okta, as far as one process knows. A call whose answer never
// came (a timeout, a crash of the activity) stops counting after a minute.

const FORGOTTEN_AFTER_MS = 60_000;

export interface InFlight {
  add(now: number): void;
  /** One has been answered; which does not matter, the oldest is as good as any. */
  remove(): void;
  count(now: number): number;
}

export function createInFlight(): InFlight {
  let startedAt: number[] = [];
  return {
    add: (now) => {
      startedAt.push(now);
    },
    remove: () => {
      startedAt.shift();
    },
    count: (now) => {
      startedAt = startedAt.filter((start) => now - start < FORGOTTEN_AFTER_MS);
      return startedAt.length;
    },
  };
}
