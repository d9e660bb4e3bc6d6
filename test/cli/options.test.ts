// What is said on the command line is what the service is asked for.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { problem, run, startStub, temporaryHome } from './harness.js';
import { sampleRun } from './sample.js';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----';
const RECORD = ['--requested-by', 'hr', '--reason', 'contract'];
const RUN = sampleRun().id;
const RECORDED = { requestedBy: 'hr', reason: 'contract' };
const ended = sampleRun({ phase: 'completed', outcome: 'done', waiting: null });

/** A command with all of its options, and the request that they become. `PEM_FILE` is a file with a key. */
const ROWS: [line: string[], method: string, path: string, body: unknown][] = [
  [
    [
      ...['onboard', '--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'a@b.cd'],
      ...['--login', 'ada@b.cd', '--attribute', 'department=R=D', '--attribute', 'title=Dr'],
      ...['--group', 'Engineering', '--group', 'Sales', '--start-at', 'T1', '--ends-at', 'T2'],
      ...['--activation', 'none', '--on-existing', 'adopt', '--connection', 'acme', '--wait'],
      ...RECORD,
    ],
    'POST',
    '/v1/onboardings',
    {
      connection: 'acme',
      person: {
        ...{ firstName: 'Ada', lastName: 'Lovelace', email: 'a@b.cd', login: 'ada@b.cd' },
        attributes: { department: 'R=D', title: 'Dr' },
      },
      groups: ['Engineering', 'Sales'],
      ...{ startAt: 'T1', endsAt: 'T2', activation: 'none', onExisting: 'adopt', ...RECORDED },
    },
  ],
  [
    [
      ...['offboard', 'ada@b.cd', '--at', 'T1', '--deprovision-at', 'T2', '--undo-window', 'P14D'],
      ...['--remove-groups', 'direct', '--when-not-suspendable', 'deactivate', '--take-over'],
      ...['--connection', 'acme', '--wait', ...RECORD],
    ],
    'POST',
    '/v1/offboardings',
    {
      ...{ connection: 'acme', login: 'ada@b.cd', suspendAt: 'T1', deprovisionAt: 'T2' },
      ...{ undoWindow: 'P14D', removeGroups: 'direct', whenNotSuspendable: 'deactivate' },
      ...{ ifOpen: 'takeover', ...RECORDED },
    },
  ],
  [
    [
      ...['runs', '--phase', 'parked', '--kind', 'onboarding', '--connection', 'acme'],
      ...['--login', 'a+b@c.de', '--limit', '7', '--cursor', 'c=1'],
    ],
    'GET',
    '/v1/runs?phase=parked&kind=onboarding&connection=acme&login=a%2Bb%40c.de&limit=7&cursor=c%3D1',
    null,
  ],
  [['run', RUN, '--watch'], 'GET', `/v1/runs/${RUN}`, null],
  [['run', 'a/b@c.de'], 'GET', '/v1/runs?login=a%2Fb%40c.de&limit=200', null],
  [
    ['offboard', 'ada@b.cd', '--suspend-at', 'T1', '--yes'],
    'POST',
    '/v1/offboardings',
    { login: 'ada@b.cd', suspendAt: 'T1' },
  ],
  [['cancel', RUN, ...RECORD], 'POST', `/v1/runs/${RUN}/cancel`, RECORDED],
  [
    [
      ...['reschedule', RUN, '--start-at', 'T1', '--ends-at', 'T2', '--suspend-at', 'T3'],
      ...['--deprovision-at', 'T4', '--yes', ...RECORD],
    ],
    'POST',
    `/v1/runs/${RUN}/reschedule`,
    { startAt: 'T1', endsAt: 'T2', suspendAt: 'T3', deprovisionAt: 'T4', ...RECORDED },
  ],
  [
    ['expedite', RUN, 'suspend', '--yes', ...RECORD],
    'POST',
    `/v1/runs/${RUN}/expedite`,
    { what: 'suspend', ...RECORDED },
  ],
  [
    ['resolve', RUN, 'retry', ...RECORD],
    'POST',
    `/v1/runs/${RUN}/resolve`,
    { decision: 'retry', ...RECORDED },
  ],
  [
    ['resolve', RUN, '--decision', 'leave'],
    'POST',
    `/v1/runs/${RUN}/resolve`,
    { decision: 'leave' },
  ],
  [['verify', 'acme', '--probe'], 'POST', '/v1/connections/acme/verify?probe=true', {}],
  [
    [
      ...['connect', 'acme', '--domain', 'id.acme.com', '--custom-domain', '--client-id', '0oa1'],
      ...['--private-key', 'PEM_FILE', '--kid', 'k1', '--name', 'Acme', '--time-zone', 'UTC'],
    ],
    'POST',
    '/v1/connections',
    {
      ...{ id: 'acme', name: 'Acme', domain: 'id.acme.com', customDomain: true, clientId: '0oa1' },
      ...{ key: { pem: PEM, kid: 'k1' }, settings: { timeZone: 'UTC' } },
    },
  ],
];

/** Of every command; how the service is found and asked, and how the answer is shown. */
const COMMON = ['--url', '--key-file', '--json'];

describe('every option comes to the service', () => {
  it.each(ROWS)('%j', async (line, method, path, body) => {
    const { url, asked } = await startStub(({ method: how, path: where }) =>
      how === 'GET' && where.startsWith('/v1/connections')
        ? problem(404, 'CONNECTION_NOT_FOUND', 'Not found')
        : { body: { ...ended, items: [ended], checks: [], ok: true } },
    );
    const [keyFile, pemFile] = [join(temporaryHome(), 'api.key'), join(temporaryHome(), 'key.pem')];
    writeFileSync(keyFile, 'tnr_other');
    writeFileSync(pemFile, PEM);
    const args = line.map((word) => (word === 'PEM_FILE' ? pemFile : word));
    const env = { TENURE_HOME: temporaryHome() };
    const outcome = await run([...args, '--url', url, '--key-file', keyFile, '--json'], { env });
    expect(JSON.parse(outcome.out.trim().split('\n').at(-1) ?? '')).not.toHaveProperty('error');
    const key = expect.objectContaining({ authorization: 'Bearer tnr_other' }) as unknown;
    expect(asked).toContainEqual({ method, path, body, headers: key });
  });

  it.each(COMMANDS.filter(({ name }) => name !== 'rekey').map(({ name, usage }) => [name, usage]))(
    'and none of %s is forgotten here',
    (name, usage) => {
      const optionsIn = (text: string) => new Set(text.match(/--[a-z][a-z-]+/g));
      const tried = ROWS.flatMap(([line]) => (line[0] === name ? line : []));
      expect([...optionsIn([...tried, ...COMMON].join(' '))].sort()).toEqual(
        [...optionsIn(usage)].sort(),
      );
    },
  );
});
