import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/domain/admin-role.js';
import { checksOf, conclusionOf } from '../../src/domain/checks.js';
import { OKTA_SCOPES } from '../../src/domain/connection.js';
import { orgOfAdminHost } from '../../src/domain/okta-domain.js';
import {
  NOT_ASKED,
  type Reply,
  type Sightings,
  type TokenFault,
} from '../../src/domain/sightings.js';

const reply = (kind: Reply['kind'], detail: string | null = null): Reply => ({ kind, detail });
const DONE = reply('done');
const EMPTY = reply('empty');
const FORBIDDEN = reply('forbidden', 'Okta does not allow it (E0000006).');
const ABSENT = reply('absent', 'Okta found nothing (E0000007).');
const OUT = reply('no-answer', 'Okta answered 503, try later.');

const READS = {
  users: DONE,
  groups: DONE,
  impossibleUser: ABSENT,
  impossibleGroup: NOT_ASKED,
  member: NOT_ASKED,
};

/** An org in which all is well, with changes. */
function seen(changes: Partial<Sightings> = {}): Sightings {
  return {
    origin: 'https://acme.okta.com',
    callable: true,
    scopes: [...OKTA_SCOPES],
    kid: 'key-1',
    name: { kind: 'found', addresses: 2 },
    org: { kind: 'org', id: '00o1abcdefgh5d7', cell: 'ok12' },
    clockAheadMs: 200,
    token: { kind: 'granted', scopes: [...OKTA_SCOPES], bound: false },
    reads: READS,
    probes: null,
    limits: { A: { limit: 300, remaining: 290 }, B: { limit: 1_000, remaining: 999 } },
    ...changes,
  };
}

const refused = (fault: TokenFault, status = 401): Partial<Sightings> => ({
  token: { kind: 'refused', error: 'invalid_client', fault, status },
  reads: {
    users: NOT_ASKED,
    groups: NOT_ASKED,
    impossibleUser: NOT_ASKED,
    impossibleGroup: NOT_ASKED,
    member: NOT_ASKED,
  },
  limits: {},
});
const SCOPES = OKTA_SCOPES.map((scope) => `scope.${scope}`);
const FAILED: Record<TokenFault, string[]> = {
  client: ['app.client'],
  'client-or-credentials': ['app.client'],
  'app-type': ['app.client'],
  'network-zone': ['app.client'],
  'auth-method': ['app.auth-method'],
  kid: ['app.key'],
  signature: ['app.key'],
  'no-keys': ['app.key'],
  'jwks-uri': ['app.key'],
  dpop: ['app.dpop'],
  clock: ['clock'],
  audience: ['domain.host'],
  'no-scope': SCOPES,
  'scope-unknown': SCOPES,
};
const FAULTS = Object.keys(FAILED) as TokenFault[];

const reads = (changes: Partial<Sightings['reads']>) => ({ reads: { ...READS, ...changes } });

const statusesOf = (changes: Partial<Sightings>) =>
  Object.fromEntries(checksOf(seen(changes)).map(({ id, status }) => [id, status]));
const failedIn = (changes: Partial<Sightings>) =>
  checksOf(seen(changes)).flatMap(({ id, status }) => (status === 'fail' ? [id] : []));

describe('checks', () => {
  it('pass where all is well, and leave to a probe what reading cannot prove', () => {
    const statuses = statusesOf({});
    const open = Object.entries(statuses).filter(([, status]) => status !== 'pass');
    const proven = ['okta.groups.read', 'okta.users.read'];
    expect(open).toEqual(
      PERMISSIONS.filter((name) => !proven.includes(name)).map((name) => [
        `role.${name}`,
        'skipped',
      ]),
    );
  });

  it.each<[string, Partial<Sightings>, string[]]>([
    ['admin host', { origin: 'https://acme-admin.okta.com', org: NOT_ASKED }, ['domain.host']],
    ['no address', { origin: 'ftp://acme', callable: false }, ['domain.host']],
    ['unknown host', { name: { kind: 'failed', code: 'ENOTFOUND' }, org: NOT_ASKED }, ['dns']],
    ['no name server', { name: { kind: 'failed', code: 'EAI_AGAIN' }, org: NOT_ASKED }, ['dns']],
    [
      'certificate',
      { org: { kind: 'unreachable', reason: 'network', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
      ['tls'],
    ],
    ['port', { org: { kind: 'unreachable', reason: 'network', code: 'ECONNREFUSED' } }, ['tls']],
    ['silence', { org: { kind: 'unreachable', reason: 'timeout', code: null } }, ['tls']],
    ['address', { org: { kind: 'unreachable', reason: 'address', code: null } }, ['dns']],
    ['no org', { org: { kind: 'other', status: 404 } }, ['okta.org']],
    ['org away', { org: { kind: 'other', status: 503 } }, ['okta.org']],
    ['slow clock', { clockAheadMs: 600_000 }, ['clock']],
    ['fast clock', { clockAheadMs: -600_000 }, ['clock']],
  ])('name what cannot be reached: %s', (_, changes, failed) => {
    expect(failedIn(changes)).toEqual(failed);
  });

  it('warn of a clock that differs by more than a minute', () => {
    expect(statusesOf({ clockAheadMs: 59_000 })['clock']).toBe('pass');
    expect(statusesOf({ clockAheadMs: -90_000 })['clock']).toBe('warn');
  });

  it.each(FAULTS)('name what is behind a refused token: %s', (fault) => {
    const changes = refused(fault);
    expect(failedIn(changes)).toEqual(FAILED[fault]);
    const conclusion = conclusionOf(seen(changes), checksOf(seen(changes)));
    expect(conclusion).toMatchObject({ kind: 'fails', blocks: true });
  });

  it('say what is known before the fault, and why the rest was not reached', () => {
    const checks = checksOf(seen(refused('kid')));
    const byId = new Map(checks.map((check) => [check.id, check]));
    expect(byId.get('app.auth-method')?.status).toBe('pass');
    expect(byId.get('app.dpop')).toMatchObject({
      status: 'skipped',
      detail: 'Not reached: see app.key.',
    });
    expect(byId.get('resources.users')?.detail).toBe('Not reached: see app.key.');
  });

  it('suspect the scope that is none of ours when Okta knows one of them not', () => {
    const changes = { ...refused('scope-unknown'), scopes: [...OKTA_SCOPES, 'okta.grups.read'] };
    expect(failedIn(changes)).toEqual(['scope.okta.grups.read']);
  });

  it('find by comparing a scope that was not granted, or not asked for', () => {
    const [first, ...others] = OKTA_SCOPES;
    const token: Sightings['token'] = { kind: 'granted', scopes: [...others], bound: true };
    expect(failedIn({ token })).toEqual([`scope.${first}`]);
    expect(failedIn({ scopes: [...others] })).toEqual([`scope.${first}`]);
    const scopes = [...OKTA_SCOPES, 'okta.logs.read'];
    expect(statusesOf({ scopes })['scope.okta.logs.read']).toBe('warn');
  });

  it.each<[string, Partial<Sightings>, string[], Record<string, string>]>([
    [
      'no role',
      reads({ users: EMPTY, groups: EMPTY, impossibleUser: FORBIDDEN, impossibleGroup: FORBIDDEN }),
      ['role.none', 'role.okta.groups.read'],
      { 'resources.users': 'skipped', 'resources.groups': 'skipped' },
    ],
    [
      'no role, where lists refuse',
      reads({ users: FORBIDDEN, groups: FORBIDDEN, impossibleUser: FORBIDDEN }),
      ['role.none', 'role.okta.groups.read'],
      {},
    ],
    [
      'a role that cannot view users (403)',
      reads({ users: EMPTY, impossibleUser: FORBIDDEN }),
      [],
      { 'resources.users': 'warn', 'role.okta.users.read': 'warn', 'role.none': 'pass' },
    ],
    [
      'a role that cannot view users, or a set without them (404)',
      reads({ users: EMPTY, member: ABSENT }),
      [],
      { 'resources.users': 'warn', 'role.okta.users.read': 'skipped' },
    ],
    [
      'a set without users',
      reads({ users: EMPTY, member: FORBIDDEN }),
      ['resources.users'],
      { 'role.none': 'pass' },
    ],
    ['a set without users, seen by nobody', reads({ users: EMPTY }), ['resources.users'], {}],
    [
      'a set without groups',
      reads({ groups: EMPTY, impossibleGroup: ABSENT }),
      ['resources.groups'],
      { 'role.none': 'pass' },
    ],
    [
      'a role that cannot view groups',
      reads({ groups: EMPTY, impossibleGroup: FORBIDDEN }),
      ['role.okta.groups.read'],
      { 'role.none': 'pass', 'resources.groups': 'skipped' },
    ],
    ['an outage', reads({ users: OUT, groups: OUT }), ['resources.users', 'resources.groups'], {}],
    [
      'a scope that is missing',
      reads({ users: reply('scope-missing') }),
      [],
      { 'resources.users': 'skipped' },
    ],
  ])('hold the answers together: %s', (_, changes, failed, statuses) => {
    expect(failedIn(changes)).toEqual(failed);
    expect(statusesOf(changes)).toMatchObject(statuses);
  });

  it('take 400 and 404 to a probe for leave, and 403 for none', () => {
    const statuses = statusesOf({
      probes: {
        'okta.users.create': reply('invalid'),
        'okta.users.lifecycle.suspend': ABSENT,
        'okta.users.lifecycle.unsuspend': FORBIDDEN,
        'okta.users.lifecycle.deactivate': FORBIDDEN,
        'okta.users.lifecycle.unlock': OUT,
        'okta.groups.members.manage': FORBIDDEN,
        'okta.users.groupMembership.manage': FORBIDDEN,
      },
    });
    expect(statuses).toMatchObject({
      'role.okta.users.create': 'pass',
      'role.okta.users.lifecycle.suspend': 'pass',
      'role.okta.users.lifecycle.unsuspend': 'fail',
      'role.okta.users.lifecycle.deactivate': 'warn',
      'role.okta.users.lifecycle.unlock': 'skipped',
      'role.okta.groups.members.manage': 'fail',
      'role.okta.users.groupMembership.manage': 'skipped',
    });
  });

  it('know a role by a probe that was let through, although nothing can be seen', () => {
    const blind = reads({ users: EMPTY, groups: EMPTY, impossibleGroup: FORBIDDEN });
    expect(failedIn({ ...blind, probes: { 'okta.users.create': reply('invalid') } })).toEqual([
      'role.okta.groups.read',
    ]);
  });

  it('say how long a thousand people take, and warn where it is more than an hour', () => {
    const limits = (checks: ReturnType<typeof checksOf>) =>
      checks.find(({ id }) => id === 'limits');
    expect(limits(checksOf(seen()))).toMatchObject({ status: 'pass' });
    expect(limits(checksOf(seen()))?.detail).toContain('7 minutes');
    const small = { A: { limit: 30, remaining: 12 } };
    expect(limits(checksOf(seen({ limits: small })))).toMatchObject({ status: 'warn' });
    expect(limits(checksOf(seen({ limits: {} })))).toMatchObject({ status: 'skipped' });
  });
});

describe('a conclusion', () => {
  const concluded = (changes: Partial<Sightings>) =>
    conclusionOf(seen(changes), checksOf(seen(changes)));

  it('names what blocks before what does not', () => {
    const token = { kind: 'granted', scopes: OKTA_SCOPES.slice(1), bound: false } as const;
    expect(concluded({ clockAheadMs: 600_000, token })).toMatchObject({
      blocks: true,
      code: 'OKTA_SCOPE_MISSING',
    });
  });

  it('blocks for what keeps all runs from working, not for an outage or what some can do without', () => {
    expect(concluded({ token: { kind: 'no-answer', detail: 'Okta answered 503.' } })).toMatchObject(
      { kind: 'fails', blocks: false, code: 'CHECK_FAILED' },
    );
    const astray = { kind: 'unreachable', reason: 'address', code: null } as const;
    expect(concluded({ org: astray, token: NOT_ASKED })).toMatchObject({ blocks: true });
    expect(concluded(reads({ users: OUT }))).toMatchObject({ kind: 'fails', blocks: false });
    expect(concluded({ clockAheadMs: 600_000 })).toMatchObject({ kind: 'fails', blocks: false });
  });
});

describe('any sightings', () => {
  const kinds: Reply['kind'][] = [
    'not-asked',
    'done',
    'empty',
    'forbidden',
    'scope-missing',
    'absent',
    'invalid',
    'no-answer',
  ];
  const anyReply = fc.constantFrom(...kinds).map((kind) => reply(kind, 'said'));
  const anyToken = fc.oneof(
    fc.constant<Sightings['token']>({ kind: 'not-asked' }),
    fc
      .tuple(fc.subarray<string>([...OKTA_SCOPES]), fc.boolean())
      .map(([scopes, bound]): Sightings['token'] => ({ kind: 'granted', scopes, bound })),
    fc
      .tuple(fc.constantFrom(...FAULTS), fc.integer({ min: 400, max: 599 }))
      .map(([fault, status]) => refused(fault, status).token ?? NOT_ASKED),
  );

  it('give each check once, a fix to whatever is wrong, and a conclusion that agrees', () => {
    fc.assert(
      fc.property(
        fc.record({
          users: anyReply,
          groups: anyReply,
          impossibleUser: anyReply,
          impossibleGroup: anyReply,
          member: anyReply,
        }),
        anyToken,
        fc.option(fc.dictionary(fc.constantFrom(...PERMISSIONS), anyReply)),
        (all, token, probes) => {
          const changes = seen({ reads: all, token, probes });
          const checks = checksOf(changes);
          expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
          for (const { status, fix, detail, title } of checks) {
            expect(detail.length * title.length).toBeGreaterThan(0);
            if (status === 'fail' || status === 'warn') expect(fix).not.toBe(undefined);
          }
          const hasFailed = checks.some(({ status }) => status === 'fail');
          expect(conclusionOf(changes, checks).kind).toBe(hasFailed ? 'fails' : 'works');
        },
      ),
    );
  });
});

it.each([
  ['acme-admin.okta.com', 'acme.okta.com'],
  ['acme-admin.oktapreview.com', 'acme.oktapreview.com'],
  ['acme-admin.okta.mil', 'acme.okta.mil'],
  ['acme.okta.com', null],
  ['shop-admin.example.com', null],
])('knows an admin host: %s', (host, org) => {
  expect(orgOfAdminHost(host)).toBe(org);
});
