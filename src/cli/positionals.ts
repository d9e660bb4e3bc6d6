// The words of a command that come without a name.
import { CliProblem } from './command.js';

/** By their names, all of them and no others. @throws {CliProblem} */
export function positionalsOf<K extends string>(
  given: readonly string[],
  names: readonly K[],
): Record<K, string> {
  const missing = names.slice(given.length);
  const extra = given.slice(names.length);
  if (missing.length > 0) throw new CliProblem(`Name ${missing.join(' and ')}; see --help.`, 2);
  if (extra.length > 0) {
    throw new CliProblem(`What is "${extra.join(' ')}"? It follows no option; see --help.`, 2);
  }
  return Object.fromEntries(names.map((name, index) => [name, given[index] ?? ''])) as Record<
    K,
    string
  >;
}
