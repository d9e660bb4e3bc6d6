// Waiting with a bound. Plain timers on purpose: on Node 20 the garbage collector may take a signal
// of AbortSignal.timeout() or AbortSignal.any() that only a promise waits for, and then the wait
// never ends (seen: a part that was never killed).

/** Whether the promise settles within the time; `cut` ends the wait earlier. */
export async function settlesWithin(
  promise: Promise<unknown>,
  withinMs: number,
  cut?: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (answer: boolean) => {
      clearTimeout(timer);
      cut?.removeEventListener('abort', stop);
      resolve(answer);
    };
    const stop = () => {
      done(false);
    };
    const settled = () => {
      done(true);
    };
    const timer = setTimeout(stop, withinMs);
    cut?.addEventListener('abort', stop);
    promise.then(settled, settled);
    if (cut?.aborted === true) stop();
  });
}

/** Runs `use` with a signal that aborts after the time, or with `outer`. */
export async function withDeadline<T>(
  outer: AbortSignal,
  withinMs: number,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const abort = () => {
    own.abort();
  };
  const timer = setTimeout(abort, withinMs);
  outer.addEventListener('abort', abort);
  if (outer.aborted) abort();
  try {
    return await use(own.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}
