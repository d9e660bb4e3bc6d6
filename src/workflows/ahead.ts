// A step that is begun before its turn.

/**
 * Begins a step; what comes of it is for the first who asks, and within `goodForMs` of its end. Who asks
 * later or again gets it done anew.
 */
export function ahead<T>(step: () => Promise<T>, goodForMs = Infinity): () => Promise<T> {
  let endedAt: number | null = null;
  const end = (): void => {
    endedAt = Date.now();
  };
  let first: Promise<T> | null = step();
  first.then(end, end);
  return () => {
    const taken = first;
    first = null;
    const isStale = endedAt !== null && Date.now() - endedAt > goodForMs;
    return taken === null || isStale ? step() : taken;
  };
}
