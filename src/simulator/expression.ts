/**
 * The little language of `filter` and `search` (SCIM: `profile.login eq "a" and status ne "b"`).
 * Parses and evaluates; which attributes and operators a call allows is for the caller.
 */
const OPERATORS = ['eq', 'ne', 'sw', 'ew', 'co', 'gt', 'ge', 'lt', 'le', 'pr'] as const;
type Operator = (typeof OPERATORS)[number];
type Value = string | number | boolean;

interface Comparison {
  readonly kind: 'comparison';
  readonly attribute: string;
  readonly operator: Operator;
  /** Undefined for `pr`. */
  readonly value: Value | undefined;
}

export type Expression =
  Comparison | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] };

const TOKEN = /\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+))/y;

type Token = { readonly text: string; readonly quoted: boolean };

/** The expression that `text` spells, or undefined if it is none. */
export function parseExpression(text: string): Expression | undefined {
  const tokens = tokenize(text.trim());
  if (tokens === undefined) return undefined;
  const parser = new Parser(tokens);
  const expression = parser.disjunction();
  return parser.atEnd ? expression : undefined;
}

/** All comparisons in an expression, left to right. */
export function comparisons(expression: Expression): Comparison[] {
  return expression.kind === 'comparison' ? [expression] : expression.parts.flatMap(comparisons);
}

/** Whether a thing fits. `ignoreCase` concerns values; names are always exact. */
export function fits(
  expression: Expression,
  attributeOf: (name: string) => unknown,
  ignoreCase: boolean,
): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.parts.every((part) => fits(part, attributeOf, ignoreCase));
    case 'or':
      return expression.parts.some((part) => fits(part, attributeOf, ignoreCase));
    case 'comparison':
      return compare(expression, attributeOf(expression.attribute), ignoreCase);
  }
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, bracket, quoted, word] = match;
    if (quoted === undefined) tokens.push({ text: bracket ?? word ?? '', quoted: false });
    else tokens.push({ text: quoted.replace(/\\(.)/g, '$1'), quoted: true });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  disjunction(): Expression | undefined {
    return this.#chain('or', () => this.#chain('and', () => this.#term()));
  }

  #chain(kind: 'and' | 'or', part: () => Expression | undefined): Expression | undefined {
    const parts: Expression[] = [];
    do {
      const next = part();
      if (next === undefined) return undefined;
      parts.push(next);
    } while (this.#takeWord(kind));
    const [only] = parts;
    return parts.length === 1 ? only : { kind, parts };
  }

  #term(): Expression | undefined {
    if (this.#takeWord('(')) {
      const inner = this.disjunction();
      return this.#takeWord(')') ? inner : undefined;
    }
    const attribute = this.#tokens[this.#at++];
    const operator = OPERATORS.find((name) => this.#takeWord(name));
    if (attribute === undefined || attribute.quoted || operator === undefined) return undefined;
    if (operator === 'pr') {
      return { kind: 'comparison', attribute: attribute.text, operator, value: undefined };
    }
    const value = literal(this.#tokens[this.#at++]);
    if (value === undefined) return undefined;
    return { kind: 'comparison', attribute: attribute.text, operator, value };
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.quoted || token.text.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }
}

function literal(token: Token | undefined): Value | undefined {
  if (token === undefined) return undefined;
  if (token.quoted) return token.text;
  if (token.text === 'true' || token.text === 'false') return token.text === 'true';
  const number = Number(token.text);
  return Number.isNaN(number) ? undefined : number;
}

function compare({ operator, value }: Comparison, actual: unknown, ignoreCase: boolean): boolean {
  const present = actual !== undefined && actual !== null;
  if (operator === 'pr') return present;
  if (!present || value === undefined) return operator === 'ne';
  const [left, right] =
    typeof actual === 'string' && typeof value === 'string' && ignoreCase
      ? [actual.toLowerCase(), value.toLowerCase()]
      : [actual as Value, value];
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'sw':
      return String(left).startsWith(String(right));
    case 'ew':
      return String(left).endsWith(String(right));
    case 'co':
      return String(left).includes(String(right));
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
  }
}
