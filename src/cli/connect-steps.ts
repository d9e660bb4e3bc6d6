// The steps in Okta, each verified until nothing of it is missing. Where a step stands is read from the
// checks alone, so a guide that was left is taken up by looking again.
import type { Check, Verification } from './check-view.js';
import { checkLines } from './check-view.js';
import { keyClicks, ROLE_CLICKS, SCOPE_CLICKS } from './connect-clicks.js';
import {
  ANOTHER_CLIENT_ID,
  ANOTHER_DOMAIN,
  askHowToGoOn,
  type Correction,
} from './connect-corrections.js';
import type { Asking } from './connect-questions.js';
import { verifyConnection, type Connection } from './connection.js';

interface Step {
  title: string;
  checks: RegExp;
  clicks: (connection: Connection) => readonly string[];
  /** What an answer in place of Enter corrects on the connection. */
  corrects: Correction | null;
}

const STEPS: readonly Step[] = [
  {
    title: 'The org is reached',
    checks: /^(domain\.|dns$|tls$|okta\.org$|clock$)/,
    clicks: () => [],
    corrects: ANOTHER_DOMAIN,
  },
  {
    title: 'The app knows the key',
    checks: /^app\./,
    clicks: keyClicks,
    corrects: ANOTHER_CLIENT_ID,
  },
  {
    title: 'The app has its scopes',
    checks: /^scope\./,
    clicks: () => SCOPE_CLICKS,
    corrects: null,
  },
  {
    title: 'The app has its admin role',
    checks: /^(role|resources)\./,
    clicks: () => ROLE_CLICKS,
    corrects: null,
  },
];

interface Going extends Asking {
  columns: number | null;
}

/** Goes through what is missing; what is skipped stays so. The last verification is the answer. */
export async function goThroughSteps(going: Going, start: Connection): Promise<Verification> {
  const { api, say } = going;
  let connection = start;
  let seen = await verifyConnection(api, connection.id, false);
  for (const step of STEPS) {
    let isShown = false;
    while (!isDone(step, seen)) {
      say(`\n${step.title}: ${isShown ? 'still missing' : 'not yet'}`);
      if (!isShown) for (const click of step.clicks(connection)) say(`  ${click}`);
      isShown = true;
      say(missing(step, seen, going.columns));
      const next = await askHowToGoOn(going, connection, step.corrects);
      if (next === 'without') break;
      connection = next;
      seen = await verifyConnection(api, connection.id, false);
    }
    if (isDone(step, seen)) say(`\n${step.title}: yes`);
  }
  return seen;
}

function isDone(step: Step, { checks }: Verification): boolean {
  const ours = checksOf(step, checks);
  return (
    ours.every(({ status }) => status !== 'fail') && ours.some(({ status }) => status !== 'skipped')
  );
}

function missing(step: Step, { checks }: Verification, columns: number | null): string {
  const failed = checksOf(step, checks).filter(({ status }) => status === 'fail');
  return failed.length > 0
    ? checkLines(failed, columns).join('\n')
    : 'It cannot be looked at before what is above is mended.';
}

function checksOf({ checks: ids }: Step, checks: readonly Check[]): Check[] {
  return checks.filter(({ id }) => ids.test(id));
}
