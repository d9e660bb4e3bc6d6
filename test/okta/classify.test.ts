import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf, type Call } from '../../src/okta/call.js';
import { classifyAnswer } from '../../src/okta/classify.js';
import { OktaError } from '../../src/okta/index.js';
import { DATE, oktaError, type Reply } from './support.js';

const SUSPEND = lifecycle('suspend');
const CREATE = callOf('POST', '/api/v1/users', 'A');
const READ = callOf('GET', '/api/v1/users/{user}', 'B', { user: 'ada@example.com' });
const ADD = callOf('PUT', '/api/v1/groups/{group}/users/{user}', 'D', { group: 'g', user: 'u' });

function lifecycle(operation: string): Call {
  const template = `/api/v1/users/{user}/lifecycle/${operation}`;
  return callOf('POST', template, 'A', { user: 'ada@example.com' });
}

function classify(call: Call, reply: Reply): OktaError {
  const body = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
  const headers = { date: DATE, 'x-okta-request-id': 'req-1', ...reply.headers } as Record<
    string,
    string
  >;
  return classifyAnswer(call, { status: reply.status ?? 200, headers, body });
}

const HTML = '<html><head><title>502 Bad Gateway</title></head></html>';
const LOGIN_TAKEN = 'login: An object with this field already exists in the current organization';
const EMAIL_TAKEN = 'email: An object with this field already exists in the current organization';

describe('an answer that is no success', () => {
  it.each<[string, Call, Reply, string]>([
    ['suspend of somebody not active', SUSPEND, oktaError(400, 'E0000001'), 'OKTA_WRONG_STATUS'],
    [
      'unlock of somebody not locked',
      lifecycle('unlock'),
      oktaError(403, 'E0000032'),
      'OKTA_WRONG_STATUS',
    ],
    ['already active', lifecycle('activate'), oktaError(403, 'E0000016'), 'OKTA_WRONG_STATUS'],
    ['not in this status', SUSPEND, oktaError(403, 'E0000038'), 'OKTA_WRONG_STATUS'],
    ['not currently active', SUSPEND, oktaError(423, 'E0000155'), 'OKTA_WRONG_STATUS'],
    ['login taken', CREATE, oktaError(400, 'E0000001', LOGIN_TAKEN), 'OKTA_LOGIN_TAKEN'],
    ['e-mail taken', CREATE, oktaError(400, 'E0000001', EMAIL_TAKEN), 'OKTA_VALIDATION'],
    [
      'login refused in words unknown',
      CREATE,
      oktaError(400, 'E0000001', 'login: Objekt existiert'),
      'OKTA_VALIDATION',
    ],
    [
      'blank login',
      CREATE,
      oktaError(400, 'E0000001', 'login: The field cannot be left blank'),
      'OKTA_VALIDATION',
    ],
    ['unknown key', CREATE, oktaError(400, 'E0000003'), 'OKTA_VALIDATION'],
    ['too many groups', CREATE, oktaError(400, 'E0000093'), 'OKTA_VALIDATION'],
    ['a code of tomorrow', CREATE, oktaError(400, 'E0000999'), 'OKTA_VALIDATION'],
    ['password policy', CREATE, oktaError(403, 'E0000080'), 'OKTA_FORBIDDEN'],
    ['a role too small', READ, oktaError(403, 'E0000006'), 'OKTA_FORBIDDEN'],
    ['403 without a body', READ, { status: 403 }, 'OKTA_FORBIDDEN'],
    ['a feature not in the edition', READ, oktaError(401, 'E0000015'), 'OKTA_FORBIDDEN'],
    ['a read-only group, until 2026', ADD, oktaError(501, 'E0000060'), 'OKTA_FORBIDDEN'],
    ['a read-only group, since', ADD, oktaError(403, 'E0000999'), 'OKTA_FORBIDDEN'],
    ['nobody', READ, oktaError(404, 'E0000007'), 'OKTA_NOT_FOUND'],
    ['404 of somebody else', READ, { status: 404, text: HTML }, 'OKTA_UNEXPECTED_RESPONSE'],
    ['no such path', READ, oktaError(404, 'E0000008'), 'OKTA_UNEXPECTED_RESPONSE'],
    ['no such method', READ, oktaError(405, 'E0000022'), 'OKTA_UNEXPECTED_RESPONSE'],
    ['400 of somebody else', READ, { status: 400, text: HTML }, 'OKTA_UNEXPECTED_RESPONSE'],
    ['a missing length', ADD, { status: 411 }, 'OKTA_UNEXPECTED_RESPONSE'],
    [
      'a redirect',
      READ,
      { status: 302, headers: { location: 'https://x/' } },
      'OKTA_UNEXPECTED_RESPONSE',
    ],
    ['a token not taken', READ, oktaError(401, 'E0000011'), 'OKTA_AUTH_FAILED'],
    ['still being activated', CREATE, oktaError(409, 'E0000112'), 'OKTA_UNAVAILABLE'],
    ['search index behind', READ, oktaError(409, 'E0000145'), 'OKTA_UNAVAILABLE'],
    ['a conflict in general', CREATE, oktaError(409, 'E0000195'), 'OKTA_UNAVAILABLE'],
    ['rules being set up', CREATE, oktaError(409, 'E0000249'), 'OKTA_UNAVAILABLE'],
    ['user type being set up', CREATE, oktaError(409, 'E0000253'), 'OKTA_UNAVAILABLE'],
    ['reconciling', CREATE, oktaError(423, 'E0000239'), 'OKTA_UNAVAILABLE'],
    ['a conflict of tomorrow', CREATE, oktaError(409, 'E0000999'), 'OKTA_UNEXPECTED_RESPONSE'],
    ['duplicate group', CREATE, oktaError(409, 'E0000055'), 'OKTA_VALIDATION'],
    ['an error inside', READ, oktaError(500, 'E0000009'), 'OKTA_UNAVAILABLE'],
    ['a load balancer', READ, { status: 502, text: HTML }, 'OKTA_UNAVAILABLE'],
    ['read-only mode', CREATE, oktaError(503, 'E0000010'), 'OKTA_UNAVAILABLE'],
    ['an inline hook in time', CREATE, oktaError(504, 'E0000137'), 'OKTA_UNAVAILABLE'],
    ['the rate limit', READ, oktaError(429, 'E0000047'), 'OKTA_RATE_LIMITED'],
  ])('%s', (_, call, reply, code) => {
    expect(classify(call, reply).code).toBe(code);
  });

  it.each<[string, Call, Reply, string]>([
    ['a refusal', SUSPEND, oktaError(400, 'E0000001'), 'not-done'],
    ['the rate limit', SUSPEND, oktaError(429, 'E0000047'), 'not-done'],
    ['read-only mode', SUSPEND, oktaError(503, 'E0000010'), 'not-done'],
    ['unsupported', ADD, oktaError(501, 'E0000060'), 'not-done'],
    ['a conflict', CREATE, oktaError(409, 'E0000112'), 'not-done'],
    ['a redirect', SUSPEND, { status: 302 }, 'not-done'],
    ['an error inside', SUSPEND, oktaError(500, 'E0000009'), 'unknown'],
    ['a load balancer', SUSPEND, { status: 502, text: HTML }, 'unknown'],
    ['503 that is not read-only mode', SUSPEND, { status: 503 }, 'unknown'],
    ['a load balancer, to a read', READ, { status: 502, text: HTML }, 'not-done'],
  ])('says what is known of the deed: %s', (_, call, reply, outcome) => {
    expect(classify(call, reply).outcome).toBe(outcome);
  });

  it('carries what a log may have, and the path without the person', () => {
    expect(classify(SUSPEND, oktaError(400, 'E0000001'))).toMatchObject({
      method: 'POST',
      path: '/api/v1/users/{user}/lifecycle/suspend',
      httpStatus: 400,
      oktaErrorCode: 'E0000001',
      oktaRequestId: 'req-1',
      date: '2027-03-31T15:00:00.000Z',
    });
  });

  it('names the attributes that were refused, never their values', () => {
    const error = classify(
      CREATE,
      oktaError(
        400,
        'E0000001',
        "Property name 'shoeSize' is not defined in profile",
        'firstName: The field cannot be left blank',
        'login: Username must be in the form of an email address',
        'manager: ada@example.com is not a manager',
        'ada@example.com: unheard of',
        'Something about ada@example.com',
      ),
    );
    expect(error).toMatchObject({
      fields: [
        { name: 'shoeSize', fault: 'not-defined' },
        { name: 'firstName', fault: 'blank' },
        { name: 'login', fault: 'not-an-email' },
        { name: 'manager', fault: 'other' },
      ],
    });
    expect(error.message).toContain('shoeSize (not defined in the profile)');
  });

  it('names the scope that is missing', () => {
    const challenge =
      'Bearer authorization_uri="https://acme.okta.com/oauth2/v1/authorize", realm="https://acme.okta.com", scope="okta.groups.manage", error="insufficient_scope", error_description="The access token provided does not contain the required scopes."';
    const error = classify(ADD, { status: 403, headers: { 'www-authenticate': challenge } });
    expect(error).toMatchObject({ code: 'OKTA_SCOPE_MISSING', scope: 'okta.groups.manage' });
    expect(error.message).toContain('okta.groups.manage');
  });

  it('suspects the domain where the answer is none of Okta', () => {
    expect(classify(READ, { status: 302 })).toMatchObject({
      hint: expect.stringContaining('-admin') as string,
    });
  });

  const anyReply = fc.record({
    status: fc.integer({ min: 100, max: 599 }),
    text: fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          errorCode: fc.oneof(
            fc.string(),
            fc.integer({ min: 1, max: 300 }).map((n) => `E${String(n).padStart(7, '0')}`),
          ),
          errorSummary: fc.string(),
          errorCauses: fc.oneof(fc.anything(), fc.array(fc.record({ errorSummary: fc.string() }))),
        })
        .map((body) =>
          JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
        ),
    ),
    headers: fc.dictionary(
      fc.constantFrom(
        'www-authenticate',
        'x-rate-limit-limit',
        'x-rate-limit-reset',
        'date',
        'x-okta-request-id',
      ),
      fc.string(),
    ),
  });

  it('is always one of ours, and retryable only by its status or a known code', () => {
    fc.assert(
      fc.property(fc.constantFrom(SUSPEND, CREATE, READ, ADD), anyReply, (call, reply) => {
        const error = classify(call, reply);
        expect(error).toBeInstanceOf(OktaError);
        if (error.code === 'OKTA_RATE_LIMITED') {
          expect(reply.status).toBe(429);
          expect(error.retryAfterMs).toBeGreaterThanOrEqual(1_000);
        }
        if (error.code === 'OKTA_UNAVAILABLE' && reply.status < 500 && reply.status !== 408) {
          expect(error.oktaErrorCode).toMatch(/^E0000(112|145|195|239|249|253|268)$/);
        }
        if (call.method === 'GET') expect(error.outcome).toBe('not-done');
      }),
    );
  });

  it('never quotes what Okta wrote', () => {
    const secret = fc.stringMatching(/^[a-z]{6}@[a-z]{6}\.example$/);
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), secret, (status, person) => {
        const reply = oktaError(status, 'E0000001', `login: ${person}`, `${person}: x`, person);
        const error = classify(CREATE, reply);
        expect(JSON.stringify(error) + error.message + (error.stack ?? '')).not.toContain(person);
      }),
    );
  });
});
