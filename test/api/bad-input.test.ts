// Bad input, row by row: the status, the code, and every fault at its place.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS, offboarding, onboarding, startHarness, type Harness } from './harness.js';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

const OKTA_ID = '00u1a2B3c4D5e6F7g8H9';
const person = { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' };

const ONBOARDINGS: [string, Record<string, unknown>, Record<string, string>][] = [
  ['no person', { person: undefined }, { person: 'REQUIRED' }],
  ['no name', { person: { ...person, firstName: undefined } }, { 'person.firstName': 'REQUIRED' }],
  [
    'a name of blanks',
    { person: { ...person, firstName: '  ' } },
    { 'person.firstName': 'REQUIRED' },
  ],
  [
    'a name that is a number',
    { person: { ...person, lastName: 7 } },
    { 'person.lastName': 'INVALID' },
  ],
  [
    'a long name',
    { person: { ...person, lastName: 'x'.repeat(51) } },
    { 'person.lastName': 'TOO_LONG' },
  ],
  [
    'an emoji in a name',
    { person: { ...person, firstName: 'Ada😀' } },
    { 'person.firstName': 'INVALID' },
  ],
  [
    'a line break in a name',
    { person: { ...person, firstName: 'A\nda' } },
    { 'person.firstName': 'INVALID' },
  ],
  [
    'a bad e-mail',
    { person: { ...person, email: 'ada at example' } },
    { 'person.email': 'INVALID_EMAIL' },
  ],
  ['no e-mail', { person: { ...person, email: '' } }, { 'person.email': 'REQUIRED' }],
  [
    'a long e-mail',
    { person: { ...person, email: `${'a'.repeat(100)}@example.com` } },
    { 'person.email': 'TOO_LONG' },
  ],
  ['a short login', { person: { ...person, login: 'ada' } }, { 'person.login': 'INVALID' }],
  ['an Okta id as login', { person: { ...person, login: OKTA_ID } }, { 'person.login': 'INVALID' }],
  ['an unknown field', { person: { ...person, age: 36 } }, { 'person.age': 'UNKNOWN_FIELD' }],
  ['a password', { password: 'x' }, { password: 'UNKNOWN_FIELD' }],
  ['an access profile', { accessProfile: 'eng' }, { accessProfile: 'INVALID' }],
  ['a plan hash', { planHash: 'x' }, { planHash: 'UNKNOWN_FIELD' }],
  ['a group twice', { groups: ['A', 'B', 'A'] }, { 'groups.2': 'DUPLICATE' }],
  ['an empty group', { groups: ['A', ''] }, { 'groups.1': 'REQUIRED' }],
  [
    'too many groups',
    { groups: Array.from({ length: 101 }, (_, i) => `g${i}`) },
    { groups: 'TOO_LONG' },
  ],
  ['groups that are text', { groups: 'A' }, { groups: 'INVALID' }],
  [
    'a core attribute',
    { person: { ...person, attributes: { email: 'x' } } },
    { 'person.attributes.email': 'INVALID' },
  ],
  [
    'an odd attribute name',
    { person: { ...person, attributes: { 'a b': 'x' } } },
    { 'person.attributes.a b': 'INVALID' },
  ],
  [
    'an attribute that is an object',
    { person: { ...person, attributes: { dept: {} } } },
    { 'person.attributes.dept': 'INVALID' },
  ],
  ['an unknown activation', { activation: 'sms' }, { activation: 'INVALID' }],
  ['a time without zone', { startAt: '2027-03-31T17:00' }, { startAt: 'TIME_WITHOUT_ZONE' }],
  ['a date alone', { startAt: '2027-03-31' }, { startAt: 'TIME_REQUIRED' }],
  ['a date with a zone', { startAt: '2027-03-31[Europe/Berlin]' }, { startAt: 'TIME_REQUIRED' }],
  ['a day that is none', { startAt: '2027-02-30T10:00Z' }, { startAt: 'TIME_INVALID' }],
  ['an hour that is none', { startAt: '2027-02-20T25:00Z' }, { startAt: 'TIME_INVALID' }],
  ['words', { startAt: 'tomorrow' }, { startAt: 'TIME_INVALID' }],
  ['a number as time', { startAt: 1806505200 }, { startAt: 'INVALID' }],
  [
    'an unknown zone',
    { startAt: '2027-03-31T17:00[Europe/Atlantis]' },
    { startAt: 'ZONE_UNKNOWN' },
  ],
  [
    'an offset that the zone does not have then',
    { startAt: '2027-03-31T17:00+05:00[Europe/Berlin]' },
    { startAt: 'TIME_INVALID' },
  ],
  [
    'an end before the start',
    { startAt: '2027-03-31T17:00Z', endsAt: '2027-03-30T17:00Z' },
    { endsAt: 'END_BEFORE_START' },
  ],
  ['an end in the past', { endsAt: '2026-03-30T17:00Z' }, { endsAt: 'END_BEFORE_START' }],
  ['a start of 2006', { startAt: '2006-03-31T17:00Z' }, { startAt: 'TIME_PAST' }],
  ['a start 15 minutes past', { startAt: '2027-01-15T11:44:59.999Z' }, { startAt: 'TIME_PAST' }],
  [
    'an end at its start, both just past',
    { startAt: '2027-01-15T11:50Z', endsAt: '2027-01-15T11:50Z' },
    { endsAt: 'END_BEFORE_START' },
  ],
  [
    'an end after a start that is just past, but not ahead',
    { startAt: '2027-01-15T11:50Z', endsAt: '2027-01-15T11:55Z' },
    { endsAt: 'END_BEFORE_START' },
  ],
  [
    'a life in 2006',
    { startAt: '2006-03-31T17:00Z', endsAt: '2006-04-30T17:00Z' },
    { startAt: 'TIME_PAST', endsAt: 'END_BEFORE_START' },
  ],
  [
    'several at once',
    {
      person: { lastName: 'L', email: 'x', nick: 'A' },
      groups: ['A', 'A'],
      startAt: '2027-01-01',
      extra: 1,
    },
    {
      'person.firstName': 'REQUIRED',
      'person.email': 'INVALID_EMAIL',
      'person.nick': 'UNKNOWN_FIELD',
      'groups.1': 'DUPLICATE',
      startAt: 'TIME_REQUIRED',
      extra: 'UNKNOWN_FIELD',
    },
  ],
];

const OFFBOARDINGS: [string, Record<string, unknown>, Record<string, string>][] = [
  ['no login', { login: undefined }, { login: 'REQUIRED' }],
  ['an Okta id as login', { login: ' 00u1a2B3c4D5e6F7g8H9 ' }, { login: 'INVALID' }],
  [
    'two ends',
    { deprovisionAt: '2027-05-01T00:00Z', undoWindow: 'P14D' },
    { undoWindow: 'CONFLICTING_FIELDS' },
  ],
  ['a window that is none', { undoWindow: '14 days' }, { undoWindow: 'INVALID' }],
  ['a negative window', { undoWindow: '-P1D' }, { undoWindow: 'INVALID' }],
  ['no window', { undoWindow: 'PT0S' }, { undoWindow: 'INVALID' }],
  ['a window of two years', { undoWindow: 'P2Y' }, { undoWindow: 'INVALID' }],
  [
    'an end in the past',
    { deprovisionAt: '2026-05-01T00:00Z' },
    { deprovisionAt: 'END_BEFORE_START' },
  ],
  [
    'an end before the suspension',
    { suspendAt: '2027-05-02T00:00Z', deprovisionAt: '2027-05-01T00:00Z' },
    { deprovisionAt: 'END_BEFORE_START' },
  ],
  ['a suspension of 2006', { suspendAt: '2006-05-02T00:00Z' }, { suspendAt: 'TIME_PAST' }],
  [
    'a suspension of 2006 with an end ahead',
    { suspendAt: '2006-05-02T00:00Z', deprovisionAt: '2027-05-01T00:00Z' },
    { suspendAt: 'TIME_PAST' },
  ],
  [
    'an end at the suspension',
    { suspendAt: '2027-05-01T00:00Z', deprovisionAt: '2027-05-01T02:00[Europe/Berlin]' },
    { deprovisionAt: 'END_BEFORE_START' },
  ],
  ['an unknown choice of groups', { removeGroups: true }, { removeGroups: 'INVALID' }],
  ['an onboarding’s field', { startAt: '2027-05-02T00:00Z' }, { startAt: 'UNKNOWN_FIELD' }],
];

describe('a request', () => {
  const rows = [
    ...ONBOARDINGS.map(([name, body, faults]) => ({
      name: `onboarding: ${name}`,
      path: '/v1/onboardings',
      body: onboarding(body),
      faults,
    })),
    ...OFFBOARDINGS.map(([name, body, faults]) => ({
      name: `offboarding: ${name}`,
      path: '/v1/offboardings',
      body: offboarding(body),
      faults,
    })),
  ];

  it.each(rows)('is refused for $name', async ({ path, body, faults }) => {
    const { status, headers, body: problem } = await api.post(path, body);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ code: 'INVALID', status: 400 });
    expect(problem.requestId).toBe(headers.get('x-request-id'));
    const found = Object.fromEntries(problem.errors.map(({ path, code }) => [path, code]));
    expect(found).toEqual(faults);
    expect(api.fake.runs()).toEqual([]);
  });

  it.each([
    ['/v1/onboardings', onboarding({ startAt: '2006-12-31T17:00Z' }), '20 years ago'],
    ['/v1/offboardings', offboarding({ suspendAt: '2027-01-13T11:00Z' }), '2 days ago'],
    ['/v1/offboardings', offboarding({ suspendAt: '2027-01-15T11:40Z' }), '20 minutes ago'],
  ])('to %s that is long past hears how long ago, and the way out', async (path, sent, ago) => {
    const { body } = await api.post(path, sent);
    expect(body.errors[0]?.detail).toBe(
      `This was ${ago}; leave it out for now, or give a time that lies ahead`,
    );
  });

  it.each([
    ['/v1/onboardings', onboarding({ person: { ...person, login: OKTA_ID } })],
    ['/v1/offboardings', offboarding({ login: OKTA_ID })],
  ])(
    'to %s that names an account by its id hears that a login is asked for',
    async (path, sent) => {
      const { body } = await api.post(path, sent);
      expect(body.errors[0]?.detail).toContain('id of an Okta account');
      expect(body.errors[0]?.detail).toContain('give the login');
    },
  );

  it('must say which connection where there are several', async () => {
    const { status, body } = await api.post(
      '/v1/onboardings',
      onboarding({ connection: undefined }),
    );
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: 'connection', code: 'REQUIRED' }]);
    expect(body.errors[0]?.detail).toContain('demo');
  });

  it('is 404 for a connection that does not exist', async () => {
    const { status, body } = await api.post('/v1/onboardings', onboarding({ connection: 'nope' }));
    expect([status, body.code]).toEqual([404, 'CONNECTION_NOT_FOUND']);
  });

  it('hears of its faults before its unknown connection', async () => {
    const { status } = await api.post(
      '/v1/onboardings',
      onboarding({ connection: 'nope', startAt: 'soon' }),
    );
    expect(status).toBe(400);
  });
});

describe('a body', () => {
  const big = { ...onboarding(), reason: 'x'.repeat(10 * 1024 * 1024) };
  const rows: [string, unknown, Record<string, string>, number, string][] = [
    ['of 10 MB', big, {}, 413, 'TOO_LARGE'],
    ['that is no JSON', '{"person":', {}, 400, 'MALFORMED_JSON'],
    ['that is a list', '[]', {}, 400, 'INVALID'],
    ['that is a number', '7', {}, 400, 'MALFORMED_JSON'],
    [
      'that is a form',
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['that is text', '{}', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'in another charset',
      '{}',
      { 'content-type': 'application/json; charset=latin1x' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'in an unknown encoding',
      '{}',
      { 'content-encoding': 'snappy' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
  ];

  it.each(rows)('%s is a problem', async (_name, body, headers, status, code) => {
    const answer = await api.call('POST', '/v1/onboardings', { body, headers });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('that is empty lacks everything', async () => {
    const { status, body } = await api.post('/v1/onboardings');
    expect(status).toBe(400);
    expect(body.errors.map(({ path }) => path).sort()).toEqual(['connection', 'person']);
  });

  it('cannot reach prototypes', async () => {
    const { status } = await api.post(
      '/v1/onboardings',
      '{"__proto__": {"x": 1}, "connection":"demo"}',
    );
    expect(status).toBe(400);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('an address', () => {
  it.each([
    ['GET', '/v1/nothing', 404, 'NOT_FOUND'],
    ['POST', '/v1/plans', 404, 'NOT_FOUND'],
    ['GET', '/v1/runs/%E0%A4%A', 400, 'BAD_REQUEST'],
    ['GET', '/v1/runs/not-a-run', 404, 'RUN_NOT_FOUND'],
    ['GET', '/v1/runs/demo.0123456789abcdef', 404, 'RUN_NOT_FOUND'],
    ['DELETE', '/v1/runs', 405, 'METHOD_NOT_ALLOWED'],
    ['PUT', '/v1/onboardings', 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/v1/onboardings', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/healthz', 405, 'METHOD_NOT_ALLOWED'],
  ])('%s %s is %i', async (method, path, status, code) => {
    const answer = await api.call(method, path, { key: KEYS.admin });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each([
    ['GET', '/v1/runs'],
    ['GET', '/v1/connections'],
    ['GET', '/v1/connections/demo/access-profiles'],
    ['DELETE', '/v1/api-keys'],
  ])('%s %s/… repeats nothing of what was pasted in place of an id', async (method, path) => {
    const { status, text } = await api.call(method, `${path}/Pasted.Secret_1`, { key: KEYS.admin });
    expect(status).toBe(404);
    expect(text).not.toContain('Pasted');
  });

  it('tells what it takes', async () => {
    const options = await api.call('OPTIONS', '/v1/runs', { key: null });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const head = await api.call('HEAD', '/v1/runs');
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it.each([
    ['limit=0', 'limit', 'INVALID'],
    ['limit=201', 'limit', 'INVALID'],
    ['limit=ten', 'limit', 'INVALID'],
    ['phase=gone', 'phase', 'INVALID'],
    ['kind=hiring', 'kind', 'INVALID'],
    ['dueBefore=2027-01-01', 'dueBefore', 'TIME_REQUIRED'],
    ['name=ada', 'name', 'UNKNOWN_FIELD'],
    ['login=00u1a2B3c4D5e6F7g8H9', 'login', 'INVALID'],
    ['kind=onboarding&kind=offboarding', 'kind', 'INVALID'],
  ])('with ?%s is refused', async (query, path, code) => {
    const { status, body } = await api.get(`/v1/runs?${query}`);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path, code }]);
  });
});
