// A life: one person, what is asked for her, who does what when, and how Okta answers. All of it is data,
// so that a life that fails can be made shorter, and read.
import fc from 'fast-check';
import { DECISIONS, MOMENTS, type Decision, type Moment } from '../../src/domain/run.js';
import type { OffboardTerms } from '../../src/contract/workflows.js';
import { FAULTS, FULL_ROLE, GROUPS, type Fault, type Role } from './org.js';
import { DAY, HOUR, MINUTE, SECOND } from './time.js';

export type Request =
  | {
      kind: 'onboarding';
      groups: number;
      startInMs: number | null;
      endsInMs: number | null;
      activation: 'email' | 'none';
      onExisting: 'park' | 'adopt' | 'fail';
      department: string | null;
    }
  | {
      kind: 'offboarding';
      suspendInMs: number | null;
      holdMs: number;
      deprovisions: boolean;
      removeGroups: OffboardTerms['removeGroups'];
      revokeSessions: boolean | null;
      whenNotSuspendable: 'park' | 'deactivate';
      takeover: boolean;
      /** By the login that the account has now, whatever it was asked for before. */
      byCurrentLogin: boolean;
    };

/** `resuspend`: access is given back and taken again. `twin`: an old account, alike in everything, gets the login. */
export const FOREIGN_ACTS = [
  'suspend',
  'unsuspend',
  'resuspend',
  'deactivate',
  'activate',
  'unlock',
  'rename',
  'remake',
  'twin',
  'join',
  'leave',
  'edit',
] as const;
export type ForeignAct = (typeof FOREIGN_ACTS)[number];

export const DEADLINE_NAMES = ['startAt', 'endsAt', 'suspendAt', 'deprovisionAt'] as const;

export type Message =
  | { name: 'reschedule'; deadline: (typeof DEADLINE_NAMES)[number]; inMs: number }
  | { name: 'expedite'; what: Moment }
  | { name: 'resolve'; decision: Decision }
  | { name: 'lookAgain' };

/** Messages that no API sends. */
export const JUNK: readonly { name: string; arg: unknown }[] = [
  { name: 'resolve', arg: null },
  { name: 'resolve', arg: { actionId: 'junk', runId: 'another', decision: 'abort' } },
  { name: 'reschedule', arg: { actionId: 7 } },
  { name: 'reschedule', arg: { actionId: 'a', runId: 'b', changes: { suspendAt: 'soon' } } },
  { name: 'expedite', arg: 'now' },
  { name: 'takeover', arg: {} },
  { name: 'takeover', arg: { actionId: 'x', input: { run: {} } } },
  { name: 'lookAgain', arg: [] },
];

export type Deed =
  | { kind: 'request'; request: Request }
  /** The very same as the last request. */
  | { kind: 'again' }
  /** `web`: of whatever run has the workflow by now, as Temporal's Web UI does it. */
  | { kind: 'cancel'; run: number; via: 'api' | 'web' }
  | { kind: 'message'; run: number; via: 'update' | 'signal'; message: Message }
  | { kind: 'junk'; which: number }
  | { kind: 'others'; act: ForeignAct; group: number }
  | { kind: 'terminate'; run: number }
  | { kind: 'restart' };

export interface Event {
  /** So long after the event before, or in the middle of the n-th call of Okta from then on. */
  when: { inMs: number } | { halfCalls: number };
  deed: Deed;
}

export interface Life {
  /** Null: nobody has the login. */
  status: string | null;
  memberOf: number[];
  suspendsProvisioned: boolean;
  role: Role;
  first: Request;
  events: Event[];
  /** Of the calls of Okta, in their order; those after them have none. */
  faults: Fault[];
  /** What is decided in the end, when retrying has not helped. */
  lastWord: Decision;
  /** How often `retry` is said before it. */
  retries: number;
}

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const span = oneOf(2 * SECOND, 30 * SECOND, 5 * MINUTE, 2 * HOUR);

const onboarding: fc.Arbitrary<Request> = fc.record({
  kind: fc.constant('onboarding'),
  groups: oneOf(0, 1, 2, 3, GROUPS.length),
  startInMs: oneOf(null, null, 30 * SECOND, 2 * HOUR),
  endsInMs: oneOf(null, null, 10 * MINUTE, 3 * HOUR),
  activation: oneOf('email', 'none'),
  onExisting: oneOf('park', 'adopt', 'adopt', 'fail'),
  department: oneOf(null, 'Sales'),
});

const offboarding: fc.Arbitrary<Request> = fc.record({
  kind: fc.constant('offboarding'),
  suspendInMs: oneOf(null, 3 * SECOND, 2 * MINUTE, HOUR),
  holdMs: oneOf(0, 30 * SECOND, 4 * HOUR, 14 * DAY),
  deprovisions: fc.boolean(),
  removeGroups: oneOf<OffboardTerms['removeGroups']>(false, 'direct', 'all'),
  revokeSessions: oneOf(null, true, false),
  whenNotSuspendable: oneOf<'park' | 'deactivate'>('park', 'deactivate'),
  takeover: fc.boolean(),
  byCurrentLogin: fc.boolean(),
});

const request = fc.oneof(onboarding, offboarding);

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    name: fc.constant('reschedule' as const),
    deadline: oneOf(...DEADLINE_NAMES),
    inMs: fc.oneof(span, fc.constant(-HOUR)),
  }),
  fc.record({ name: fc.constant('expedite' as const), what: oneOf(...MOMENTS) }),
  fc.record({ name: fc.constant('resolve' as const), decision: oneOf(...DECISIONS) }),
  fc.record({ name: fc.constant('lookAgain' as const) }),
);

/** Those that meet a suspension come more often. */
const foreignAct = fc.oneof(
  oneOf(...FOREIGN_ACTS),
  oneOf<ForeignAct>('suspend', 'unsuspend', 'resuspend'),
);
const run = fc.nat({ max: 2 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('request' as const), request }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      ...{ run, via: oneOf<'api' | 'web'>('api', 'api', 'web') },
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      ...{ run, message, via: oneOf<'update' | 'signal'>('update', 'signal') },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('junk' as const),
      which: fc.nat({ max: JUNK.length - 1 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('others' as const),
      ...{ act: foreignAct, group: fc.nat({ max: 3 }) },
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('terminate' as const), run }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

const event: fc.Arbitrary<Event> = fc.record({
  when: fc.oneof(
    fc.record({ inMs: fc.oneof(fc.constant(0), span) }),
    fc.record({ halfCalls: fc.integer({ min: 1, max: 6 }) }),
  ),
  deed,
});

const role: fc.Arbitrary<Role> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(FULL_ROLE) },
  { weight: 1, arbitrary: fc.constant({ ...FULL_ROLE, readUsers: false }) },
  {
    weight: 2,
    arbitrary: fc.record({
      readUsers: fc.constant(true),
      readRules: fc.boolean(),
      revoke: fc.boolean(),
      deactivate: fc.boolean(),
      unlock: fc.boolean(),
      suspend: oneOf(true, true, false),
      mayTouch: oneOf(true, true, false),
      deniedGroup: oneOf(null, null, 1, 22),
    }),
  },
);

const STATUSES = ['ACTIVE', 'STAGED', 'PROVISIONED', 'RECOVERY', 'LOCKED_OUT'];
const MORE_STATUSES = ['PASSWORD_EXPIRED', 'SUSPENDED', 'DEPROVISIONED'];

export const life: fc.Arbitrary<Life> = fc.record({
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant('ACTIVE') },
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 3, arbitrary: oneOf(...STATUSES, ...MORE_STATUSES) },
  ),
  memberOf: fc.uniqueArray(fc.nat({ max: 3 }), { maxLength: 3 }),
  suspendsProvisioned: fc.boolean(),
  role,
  first: request,
  events: fc.array(event, { maxLength: 8, size: 'max' }),
  faults: fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant<Fault>('none') },
      { weight: 5, arbitrary: oneOf(...FAULTS) },
    ),
    { maxLength: 40, size: 'max' },
  ),
  lastWord: oneOf<Decision>('abort', 'leave'),
  retries: fc.nat({ max: 2 }),
});

/** The life in lines. */
export function tell({
  status,
  memberOf,
  suspendsProvisioned,
  role: may,
  ...rest
}: Life): string[] {
  const missing = Object.entries(may)
    .filter(([name, value]) => value !== FULL_ROLE[name as keyof Role])
    .map(([name, value]) => `${name}=${String(value)}`);
  const faults = rest.faults.map((fault, index) => `${index + 1}:${fault}`);
  return [
    status === null
      ? 'nobody has the login'
      : `account ${status}, in groups ${memberOf.join(' ') || '-'}`,
    ...(suspendsProvisioned ? ['Okta suspends PROVISIONED and RECOVERY, too'] : []),
    ...(missing.length === 0 ? [] : [`role: ${missing.join(', ')}`]),
    `request: ${JSON.stringify(rest.first)}`,
    ...rest.events.map(({ when, deed: done }) => {
      const at =
        'inMs' in when ? `${when.inMs / SECOND} s later` : `at half call ${when.halfCalls}`;
      return `${at}: ${JSON.stringify(done)}`;
    }),
    `answers: ${faults.filter((each) => !each.endsWith(':none')).join(' ') || 'all well'}`,
    `in the end: ${rest.retries} × retry, then ${rest.lastWord}`,
  ];
}
