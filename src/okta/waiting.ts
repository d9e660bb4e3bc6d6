// Waiting that the caller can give up: for time, for a promise, for a seat. The reason of the caller's
// signal is what comes out, so that its own abort is never taken for an error of Okta.

/** @throws the signal's reason when it is aborted first */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await orAbort(slept, signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What `promise` comes to, unless the caller gives up before; it goes on by itself then.
 *
 * @throws the signal's reason when it is aborted first
 */
export async function orAbort<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      // A caller's reason may be anything; it is the caller's to recognise.
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/** So many at once, the others in the order in which they came. */
export class Seats {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `work` on a seat and frees it afterwards.
   *
   * @throws the signal's reason when it is aborted before there was a seat
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    let called = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      called = resolve;
    });
    this.#queue.push(called);
    try {
      await orAbort(turn, signal);
    } catch (error) {
      const place = this.#queue.indexOf(called);
      // Given the seat in the very moment of giving up: pass it on.
      if (place === -1) this.#release();
      else this.#queue.splice(place, 1);
      throw error;
    }
  }

  /** The seat goes from hand to hand, so nobody can slip in before the one who waited longest. */
  #release(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
