// What happens to people, keys and connections while canaries are about: success, refusals of every
// kind, a crash, a block, changes of keys, a stop and a start.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { as } from '../../src/domain/brand.js';
import { eventually } from '../support/eventually.js';
import {
  badKeys,
  jwtCanary,
  keyCanary,
  person,
  personCanary,
  privateNumbers,
  rsaKey,
  secretCanary,
} from './canaries.js';
import type { Canary } from './forms.js';
import { pidOf, PATIENCE_MS, type Life, type RunView } from './life.js';
import { temporalOf } from './places.js';

const PEOPLE = {
  leaver: person('Xaviréllia', 'Qwistlethwaite'),
  'with a contract': person('Wilhelmína', 'Vandersnoot'),
  'of another org': person('Yngvildra', 'Zuckerbäckerei'),
  'whose login is taken': person('Jozefinka', 'Plumtreeová'),
  'who has it': person('Ottoviana', 'Kestrelwoodly'),
  'refused by Okta': person('Hyacinthus', 'Bumblebeeson'),
  'in no such group': person('Gwendolynne', 'Fitzwalloped'),
  'of the blocked org': person('Ermintrude', 'Grackleburst'),
  'hired in a crash': person('Balthasaré', 'Nightingarde'),
  'not taken at all': person('Perpetuana', 'Thistlewicks'),
};
const TEXTS = {
  reason: 'Because of the “Quicksilver”\n\\ inquiry: gross misconduct & worse',
  requester: 'hr-bot of Dölphinarium GmbH',
  attribute: 'Wobblékins "the Boss" O’Hara',
  'profile attribute': 'Cost centre Zanzibar-7714-ß',
  'external id': 'EMP/Ünique?4711-0815',
  'idempotency key': 'hire=Xavirellia.Qwistle@canary-key.example',
  group: 'Secrët Operations & Löyalty',
  'unknown group': 'Hostile Tåkeover Task Force',
  'attribute name': 'canaryMedicalCondition',
};

const isDone = ({ phase }: RunView): boolean => phase === 'completed';
const isHeld = ({ phase }: RunView): boolean => phase === 'holding';
const isParked = ({ phase }: RunView): boolean => phase === 'parked';
const isOver = ({ phase }: RunView): boolean => phase === 'cancelled';
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

export interface Told {
  canaries: Canary[];
  /** In clear wherever a run is; what the search must be able to find. */
  subjectRef: string;
}

/** All of it. @returns what must be found nowhere, most of it known only now. */
export async function live(life: Life): Promise<Told> {
  const keys = { acme: rsaKey('acme-1'), next: rsaKey('acme-2'), other: rsaKey('other-1') };
  const [wrong, pasted] = [rsaKey('other-2'), rsaKey('pasted')];
  const before = (await readFile(join(life.home, 'master.key'), 'utf8')).trim();
  await life.sim('PATCH', '/org', { customAttributes: ['canaryBadge'] });
  await life.sim('POST', '/groups', { name: TEXTS.group });
  expect(await life.connect('acme', { pem: keys.acme.pem, kid: keys.acme.kid }, keys.acme)).toBe(
    true,
  );
  const other = { jwk: keys.other.privateJwk };
  expect(await life.connect('bound', other, keys.other, { dpop: true })).toBe(true);
  // Somebody has pasted the key of another app.
  const astray = { jwk: JSON.stringify(wrong.privateJwk) };
  expect(await life.connect('astray', astray, keys.other)).toBe(false);
  // As if it had worked once: runs are taken, and wait.
  await life.store.connections.unblock(as('astray'));
  const { body: made } = await life.api<{ key: string }>('POST', '/v1/api-keys', {
    name: 'HR system',
    role: 'operator',
  });
  await life.api('PUT', '/v1/connections/acme/access-profiles/engineer', {
    groups: [TEXTS.group],
    attributes: { costCenter: TEXTS['profile attribute'] },
  });

  const story = storyOf(life, made.key);
  const subjectRef = await story.hiredAndLeft();
  const { secrets } = story;
  const create = { method: 'POST', path: '/api/v1/users' };
  for (const fault of ['502-html', 'lost-answer'])
    await life.sim('POST', '/faults', { ...create, fault });
  await Promise.all([
    story.contract(),
    story.ofAnotherOrg(),
    story.taken(),
    story.refused(),
    story.inNoSuchGroup(),
    story.blocked(keys.other),
    story.badInput(badKeys(pasted)),
  ]);
  await changeKeys(life, keys.acme, keys.next);
  const token = await life.store.tokens.read(as('bound'));
  const hired = await story.inACrash();
  await story.inAnOutage('postgres');
  await story.inAnOutage('temporal');
  await life.cli(['rekey']);
  await life.cli(['run', hired]);
  await life.cli(['runs', '--login', PEOPLE['hired in a crash'].login]);
  await life.restart();
  await life.until(hired, 'is hired in spite of all', isDone);

  const { seen } = life.okta;
  const after = (await readFile(join(life.home, 'master.key'), 'utf8')).trim();
  expect(after).not.toBe(before);
  // One for each connection, and for acme a second one after the 401.
  expect(seen.tokens.size).toBeGreaterThanOrEqual(4);
  expect(seen.proofs.size).toBeGreaterThan(0);
  expect(privateNumbers(token?.proofKey ?? {})).not.toEqual([]);
  const { databaseUrl } = life.installation.runtime;
  const canaries = [
    ...Object.entries(PEOPLE).map(([name, who]) => personCanary(name, who)),
    ...Object.entries(TEXTS).map(([name, value]) => ({ name: `text: ${name}`, values: [value] })),
    ...Object.entries({ ...keys, wrong, pasted }).map(([name, key]) => keyCanary(name, key)),
    { name: 'key: proof of possession', values: privateNumbers(token?.proofKey ?? {}) },
    jwtCanary('access', seen.tokens),
    jwtCanary('assertion', seen.assertions),
    jwtCanary('proof', seen.proofs),
    secretCanary('master key before', before, 'base64'),
    secretCanary('master key', after, 'base64'),
    secretCanary('admin key', life.installation.key, 'utf8'),
    secretCanary('second API key', made.key, 'utf8'),
    secretCanary('database password', new URL(databaseUrl).password, 'hex'),
    ...secrets.map((secret, index) => secretCanary(`sent ${index}`, secret, 'utf8')),
  ];
  return { canaries, subjectRef };
}

function storyOf({ api, sim, until, home, seen, installation }: Life, key: string) {
  const secrets: string[] = [];
  const why = { requestedBy: TEXTS.requester, reason: TEXTS.reason };
  const hire = async (connection: string, who: keyof typeof PEOPLE, more: object = {}) => {
    const body = { connection, person: PEOPLE[who], ...why, ...more };
    const { status, body: run } = await api('POST', '/v1/onboardings', body, { key });
    expect(status, JSON.stringify(run)).toBe(202);
    return run.id;
  };
  const cancel = (id: string) => api('POST', `/v1/runs/${id}/cancel`, why);

  return {
    secrets,

    /** Onboarded with everything that can be said, offboarded, taken back; a token refused on the way. */
    async hiredAndLeft(): Promise<string> {
      const who = PEOPLE.leaver;
      const attributes = { nickName: TEXTS.attribute, canaryBadge: TEXTS.attribute };
      const request = {
        connection: 'acme',
        person: { ...who, attributes },
        groups: ['Engineering'],
        accessProfile: 'engineer',
        externalId: TEXTS['external id'],
        ...why,
      };
      const once = { key, headers: { 'idempotency-key': TEXTS['idempotency key'] } };
      const hired = await api('POST', '/v1/onboardings', request, once);
      expect(hired.status, JSON.stringify(hired.body)).toBe(202);
      expect((await api('POST', '/v1/onboardings', request, once)).status).toBe(202);
      const other = { ...request, reason: 'another' };
      expect((await api('POST', '/v1/onboardings', other, once)).status).toBe(422);
      await until(hired.body.id, 'is hired', isDone);
      await sim('POST', `/users/${encodeURIComponent(who.login)}/first-sign-in`);

      await sim('POST', '/faults', { method: 'GET', path: '/api/v1/users/*', fault: '401' });
      const leaving = { connection: 'acme', login: who.login, removeGroups: 'direct', ...why };
      const { body: left } = await api('POST', '/v1/offboardings', {
        ...leaving,
        suspendAt: inSeconds(60),
      });
      await until(left.id, 'waits', ({ waiting }) => waiting?.for === 'suspend');
      await api('POST', `/v1/runs/${left.id}/expedite`, { what: 'suspend', ...why });
      await until(left.id, 'is suspended', isHeld);
      await cancel(left.id);
      await until(left.id, 'is back', isOver);
      return left.temporal.workflowId.split('/')[2] ?? '';
    },

    async contract() {
      const id = await hire('acme', 'with a contract', { endsAt: inSeconds(600) });
      const { next } = await until(id, 'is hired', isDone);
      // Until the workflow has gone on as the offboarding, the answer is that this is not possible.
      await eventually('its end is brought forward', async () => {
        const path = `/v1/runs/${next ?? ''}/expedite`;
        return (await api('POST', path, { what: 'suspend', ...why })).status === 200;
      });
      await until(next ?? '', 'has left', isHeld);
    },

    /** One that demands proofs of possession. */
    async ofAnotherOrg() {
      await until(await hire('bound', 'of another org'), 'is hired', isDone);
    },

    async taken() {
      const { login } = PEOPLE['whose login is taken'];
      await sim('POST', '/users', { profile: { ...PEOPLE['who has it'], login } });
      const id = await hire('acme', 'whose login is taken');
      const { problem } = await until(id, 'is parked', isParked);
      expect(problem?.code).toBe('LOGIN_TAKEN');
      expect(problem?.detail).toContain(PEOPLE['who has it'].lastName);
      await api('POST', `/v1/runs/${id}/resolve`, { decision: 'abort', ...why });
      await until(id, 'is given up', isOver);
    },

    /** In words of Okta's that name an attribute. */
    async refused() {
      const attributes = { [TEXTS['attribute name']]: TEXTS.attribute };
      const who = { ...PEOPLE['refused by Okta'], attributes };
      const id = await hire('acme', 'refused by Okta', { person: who });
      const { problem } = await until(id, 'is parked', isParked);
      expect(problem?.detail).toContain(TEXTS['attribute name']);
      await cancel(id);
      await until(id, 'is cancelled', isOver);
    },

    async inNoSuchGroup() {
      const groups = [TEXTS['unknown group']];
      const id = await hire('acme', 'in no such group', { groups });
      const { problem } = await until(id, 'is parked', isParked);
      expect(problem?.detail).toContain(TEXTS['unknown group']);
    },

    /** Until the right key is pasted. */
    async blocked(right: { privateJwk: unknown }) {
      const id = await hire('astray', 'of the blocked org');
      await until(id, 'waits', ({ waiting }) => waiting?.for === 'connection');
      const path = '/v1/connections/astray';
      await api('GET', path);
      // What Temporal tells of an attempt that failed is seen until the next one only.
      seen.push(...(await temporalOf(installation.runtime.temporal)));
      const { status } = await api('PATCH', path, { key: { jwk: right.privateJwk } });
      expect(status).toBe(200);
      await until(id, 'is hired', isDone);
    },

    async badInput(keys: { key: unknown; secret: string }[]) {
      const who = PEOPLE['not taken at all'];
      const password = randomBytes(24).toString('base64url');
      secrets.push(password, ...keys.map(({ secret }) => secret));
      const refused = async (...call: Parameters<typeof api>) => {
        const { status } = await api(...call);
        expect(status, call.slice(0, 2).join(' ')).toBeGreaterThanOrEqual(400);
        expect(status, call.slice(0, 2).join(' ')).toBeLessThan(500);
      };
      const onboarding = { connection: 'acme', person: who, reason: TEXTS.reason };
      await refused('POST', '/v1/onboardings', {
        ...onboarding,
        ...{ person: { ...who, email: who.lastName, password }, startAt: who.login },
        ...{ groups: [TEXTS.group, TEXTS.group], onExisting: password, endsAt: [password] },
      });
      await refused('POST', '/v1/onboardings', `{ "person": ${JSON.stringify(who)}, "${password}`);
      await refused('POST', '/v1/onboardings', onboarding, { key: `tnr_${password}${password}` });
      const keyed = { headers: { 'idempotency-key': `${who.lastName} ${password}` } };
      await refused('POST', '/v1/onboardings', onboarding, keyed);
      await refused('POST', `/v1/offboardings?login=${encodeURIComponent(who.login)}`, {
        login: password,
        suspendAt: `2027-03-31T17:00[${password}]`,
      });
      await refused('GET', `/v1/runs/${encodeURIComponent(who.login)}`);
      await refused('GET', `/v1/runs?login=${encodeURIComponent(who.login)}&cursor=${password}`);
      await refused('GET', `/v1/people/${encodeURIComponent(who.login)}?token=${password}`);
      for (const what of ['runs', 'connections', 'connections/acme/access-profiles']) {
        await refused('GET', `/v1/${what}/${password}`);
      }
      await refused('DELETE', `/v1/api-keys/tnr_${password}`);
      for (const { key: bad } of keys) {
        await refused('POST', '/v1/connections/acme/keys', bad);
        const connection = { id: 'bad', domain: 'acme.okta.com', clientId: 'c', key: bad };
        await refused('POST', '/v1/connections', connection);
      }
    },

    /** The worker is killed while Okta creates the account. */
    async inACrash(): Promise<string> {
      const create = { method: 'POST', path: '/api/v1/users' };
      const requests = () => sim<{ method: string; path: string }[]>('GET', '/requests');
      await sim('DELETE', '/requests');
      await sim('POST', '/faults', { ...create, fault: 'slow', delayMs: 3_000 });
      const id = await hire('acme', 'hired in a crash');
      await eventually(
        'the account is being made',
        async () =>
          (await requests()).some(
            ({ method, path }) => method === create.method && path === create.path,
          ),
        PATIENCE_MS,
      );
      process.kill(await pidOf(home, 'worker'), 'SIGKILL');
      return id;
    },

    /** Of a part that everything needs: what is asked meanwhile is refused, or taken and told of later. */
    async inAnOutage(part: 'postgres' | 'temporal') {
      process.kill(await pidOf(home, part), 'SIGKILL');
      const body = { connection: 'acme', login: PEOPLE['not taken at all'].login, ...why };
      expect([200, 202, 503]).toContain((await api('POST', '/v1/offboardings', body)).status);
      await eventually(
        `${part} is back`,
        async () => (await api('GET', '/readyz')).status === 200,
        PATIENCE_MS,
      );
    },
  };
}

async function changeKeys(
  { api, sim }: Life,
  former: { publicJwk: unknown },
  next: { publicJwk: unknown; privateJwk: unknown; kid: string },
): Promise<void> {
  const jwks = { keys: [former.publicJwk, next.publicJwk] };
  await sim('PATCH', '/apps/0oaCanary-acme', { jwks });
  const offer = { jwk: next.privateJwk };
  expect((await api('POST', '/v1/connections/acme/keys', offer)).status).toBe(202);
  await eventually(
    'the new key signs',
    async () => {
      const { body } = await api<{ publicJwk: { kid: string } }>('GET', '/v1/connections/acme');
      return body.publicJwk.kid === next.kid;
    },
    PATIENCE_MS,
  );
}
