// What a command was given: its options, and the words that come without a name.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { CliProblem } from './command.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>['values'];

/**
 * The words by their names, all of them and no others; of those in `optional`, as many as there are.
 * @throws {CliProblem}; where an option is wrong, what `parseArgs` throws
 */
export function readArgs<const O extends Options, K extends string, P extends string = never>(
  args: readonly string[],
  options: O,
  names: readonly K[],
  optional: readonly P[] = [],
): { values: Values<O>; words: Record<K, string> & Partial<Record<P, string>> } {
  const { values, words } = parsed(args, options, [...names, ...optional]);
  const missing = names.slice(words.length);
  if (missing.length > 0) throw new CliProblem(`Name ${missing.join(' and ')}; see --help.`, 2);
  const named = words.map((word, index) => [[...names, ...optional][index], word] as const);
  return {
    values,
    words: Object.fromEntries(named) as Record<K, string> & Partial<Record<P, string>>,
  };
}

function parsed<O extends Options>(
  args: readonly string[],
  options: O,
  names: readonly string[],
): { values: Values<O>; words: string[] } {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const extra = positionals.slice(names.length);
  if (extra.length > 0) {
    throw new CliProblem(`What is "${extra.join(' ')}"? It follows no option; see --help.`, 2);
  }
  return { values, words: positionals };
}
