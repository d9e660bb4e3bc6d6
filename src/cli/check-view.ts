// The checks of a verification as they are shown: what was seen, and the click that mends it. Pure.
import type { z } from 'zod';
import type { verifyAnswer } from '../domain/check.schema.js';
import { wrapped } from './text.js';

/** As POST /v1/connections/{id}/verify answers. */
export type Verification = z.infer<typeof verifyAnswer>;
export type Check = Verification['checks'][number];

/** Without a terminal, lines are as long as what they say. */
const NO_END = Number.MAX_SAFE_INTEGER;

export function checkLines(checks: readonly Check[], columns: number | null): string[] {
  return checks.flatMap(({ id, status, title, detail, fix }) => [
    `${status.padEnd(7)}  ${title} (${id})`,
    ...wrapped(`         ${detail}`, columns ?? NO_END),
    ...(fix === undefined ? [] : wrapped(`         -> ${fix}`, columns ?? NO_END, 3)),
  ]);
}

/** `2 checks failed, 1 warning, 12 passed, 3 not proven` */
export function sumOf(checks: readonly Check[]): string {
  const count = (wanted: Check['status']) =>
    checks.filter(({ status }) => status === wanted).length;
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  const [failed, warned, skipped] = [count('fail'), count('warn'), count('skipped')];
  return [
    failed === 0 ? 'No check failed' : `${plural(failed, 'check')} failed`,
    ...(warned === 0 ? [] : [plural(warned, 'warning')]),
    `${count('pass')} passed`,
    ...(skipped === 0 ? [] : [`${skipped} not proven`]),
  ].join(', ');
}
