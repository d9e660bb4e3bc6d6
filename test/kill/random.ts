// Chance that can be repeated: the same seed gives the same numbers, and each person has a row of her
// own, so that how the others fare changes nothing for her.

export interface Random {
  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** So many of them, in another order. @throws where there are fewer. */
  some<T>(from: readonly T[], count: number): T[];
}

/** A generator for `seed`, and for any further numbers that tell it from others of that seed. */
export function randomOf(seed: number, ...further: number[]): Random {
  const next = mulberry32(further.reduce((hash, part) => Math.imul(hash, 31) + part + 1, seed));
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    some: (from, count) => {
      if (from.length < count) throw new Error(`${count} of ${from.length} were asked for`);
      return from
        .map((value) => ({ value, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .slice(0, count)
        .map(({ value }) => value);
    },
  };
}

/** Tommy Ettinger's Mulberry32: 32 bits of state, numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
