/**
 * One story against the simulator, told by Okta's own SDKs. An SDK takes part through an adapter,
 * `SdkClient`; what the story expects is the same for all of them, save the few places in
 * `Habits`, where an SDK and not the server decides what its user sees.
 */
import { type KeyObject, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ALL_SCOPES, type Json, SEED_ROLE, type TestOrg, useOrg } from '../simulator/harness.js';

export interface ClientConfig {
  readonly orgUrl: string;
  readonly clientId: string;
  /** PKCS #1. */
  readonly privateKeyPem: string;
  readonly keyId: string;
  readonly scopes: readonly string[];
}

/** What a user or group must look like once an SDK has read it into its own type. */
const time = z.union([z.date(), z.iso.datetime()]).transform((value) => new Date(value));
export const personSchema = z.object({
  id: z.string(),
  status: z.string(),
  created: time,
  activated: time.nullish(),
  profile: z.looseObject({ login: z.string(), firstName: z.string() }),
});
export const teamSchema = z.object({
  id: z.string(),
  type: z.string(),
  created: time,
  objectClass: z.array(z.string()),
  profile: z.looseObject({ name: z.string() }),
});

export type Person = z.output<typeof personSchema>;
export type Team = z.output<typeof teamSchema>;

export interface NewPerson {
  readonly profile: Readonly<Record<string, string>>;
  readonly groupIds?: readonly string[];
  readonly password?: string;
  readonly activate?: boolean;
}

interface Listing {
  readonly search?: string;
  readonly filter?: string;
  /** Page size; the adapter walks all pages. */
  readonly limit?: number;
}

/** @throws SdkFailure from every method, for whatever the SDK throws */
export interface SdkClient {
  createUser(person: NewPerson): Promise<Person>;
  getUser(idOrLogin: string): Promise<Person>;
  updateUser(id: string, profile: Readonly<Record<string, string>>): Promise<Person>;
  listUsers(listing: Listing): Promise<Person[]>;
  groupsOfUser(id: string): Promise<Team[]>;
  activate(id: string): Promise<void>;
  suspend(id: string): Promise<void>;
  unsuspend(id: string): Promise<void>;
  deactivate(id: string): Promise<void>;
  deleteUser(id: string): Promise<void>;
  endSessions(id: string): Promise<void>;
  createGroup(name: string, description: string): Promise<Team>;
  listGroups(listing: Listing): Promise<Team[]>;
  members(groupId: string, listing: Listing): Promise<Person[]>;
  addMember(groupId: string, userId: string): Promise<void>;
  removeMember(groupId: string, userId: string): Promise<void>;
  close(): Promise<void>;
}

/** An error as an SDK hands it to its user. */
export class SdkFailure extends Error {
  override readonly name = 'SdkFailure';
  /** Name of the SDK's own error type. */
  readonly type: string;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly causes: readonly string[];

  constructor(
    message: string,
    facts: { type: string; status?: number; errorCode?: string; causes?: readonly string[] },
  ) {
    super(message);
    this.type = facts.type;
    this.status = facts.status;
    this.errorCode = facts.errorCode;
    this.causes = facts.causes ?? [];
  }
}

type Expected = Record<string, unknown>;

/** What an SDK makes by itself of answers that are not Okta's JSON. */
export interface Habits {
  /** The error type that carries an `errorCode`. */
  readonly errorType: string;
  /** Of a 403 without a body. */
  readonly scopeMissing: Expected;
  /** Of an HTML 502. */
  readonly badGateway: Expected;
  /** Of a client that the token endpoint refuses. */
  readonly clientRefused: Expected;
  /** Of a 429 after the last retry. */
  readonly retriesUsedUp: Expected;
  /** Of a connection that is cut instead of an answer. */
  readonly connectionCut: Expected;
  /** Whether a call is repeated, at once and without end, as long as its answers are lost. */
  readonly repeatsLostAnswers: boolean;
  /** Whether a refused token is replaced by a new one, and the call repeated. */
  readonly renewsToken: boolean;
}

export type Connect = (config: ClientConfig) => Promise<SdkClient>;

const RETRIES = 2;
/** An adapter sets its SDK up for this many retries of a 429. */
export const MAX_RETRIES = RETRIES;

export function tellStory(connect: Connect, habits: Habits): void {
  const place = useOrg();
  let keys: { publicKey: KeyObject; privateKey: KeyObject };
  let client: SdkClient;
  const open: SdkClient[] = [];

  const connectAs = async (
    app: Record<string, unknown> = {},
    scopes: readonly string[] = ALL_SCOPES,
    knownKey = true,
  ): Promise<{ client: SdkClient; clientId: string }> => {
    const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'key-1' };
    const stranger = { ...(await rsaKeys()).publicKey.export({ format: 'jwk' }), kid: 'key-1' };
    const { json } = await place.org.control('POST', '/apps', {
      jwks: { keys: [knownKey ? jwk : stranger] },
      ...app,
    });
    const clientId = String(json['clientId']);
    const connected = await connect({
      orgUrl: place.org.origin,
      clientId,
      privateKeyPem: keys.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString(),
      keyId: 'key-1',
      scopes,
    });
    open.push(connected);
    return { client: connected, clientId };
  };

  beforeAll(async () => {
    keys = await rsaKeys();
  });
  beforeEach(async () => {
    await place.org.control('DELETE', '/faults');
    ({ client } = await connectAs());
    await place.org.control('DELETE', '/requests');
  });
  afterAll(async () => {
    await Promise.all(open.map((each) => each.close()));
  });

  describe('token', () => {
    test('is got once by private key JWT and serves every call after', async () => {
      const { client: fresh, clientId } = await connectAs();
      await place.org.control('DELETE', '/requests');
      await fresh.listGroups({});
      await fresh.listUsers({ search: 'profile.login eq "nobody@example.com"' });
      const calls = await log(place.org);
      expect(calls.map(({ path, status }) => [path, status])).toEqual([
        ['/oauth2/v1/token', 200],
        ['/api/v1/groups', 200],
        ['/api/v1/users', 200],
      ]);
      expect(new Set(calls.map((call) => call['clientId']))).toEqual(new Set([clientId]));
    });

    test('is refused to a client whose key is unknown', async () => {
      const { client: stranger } = await connectAs({}, ALL_SCOPES, false);
      await place.org.control('DELETE', '/requests');
      await expect(stranger.listGroups({})).rejects.toMatchObject(habits.clientRefused);
      const [first] = await log(place.org);
      expect(first).toMatchObject({ path: '/oauth2/v1/token', status: 401 });
    });

    test('that Okta refuses is replaced once where the SDK does so', async () => {
      await client.listGroups({});
      await place.org.control('POST', '/faults', { path: '/api/v1/groups', fault: '401' });
      await place.org.control('DELETE', '/requests');
      const answer = client.listGroups({});
      if (habits.renewsToken) await expect(answer).resolves.not.toHaveLength(0);
      else await expect(answer).rejects.toMatchObject({ status: 401, errorCode: 'E0000011' });
      const calls = (await log(place.org)).map(({ path, status }) => [path, status]);
      const renewal = [
        ['/oauth2/v1/token', 200],
        ['/api/v1/groups', 200],
      ];
      expect(calls).toEqual([['/api/v1/groups', 401], ...(habits.renewsToken ? renewal : [])]);
    });
  });

  describe('people', () => {
    test('are created with groups, and read by id and by login', async () => {
      const groups = [await place.org.seedGroup('Crew'), await place.org.seedGroup('Pilots')];
      const login = freshLogin();
      const made = await client.createUser({
        profile: { ...names, login, email: login, department: 'Deck' },
        groupIds: groups.map(({ id }) => id),
      });
      expect(made).toMatchObject({ status: 'PROVISIONED', profile: { login, department: 'Deck' } });
      expect(Date.now() - made.created.getTime()).toBeLessThan(60_000);
      expect(made.activated).toBeInstanceOf(Date);
      expect(await client.getUser(made.id)).toEqual(made);
      expect(await client.getUser(login)).toEqual(made);
      expect((await place.org.truth(login)).groups.toSorted()).toEqual(ids(groups));
      const listed = await client.groupsOfUser(made.id);
      expect(listed.map(({ profile }) => profile.name).toSorted()).toEqual(
        ['Crew', 'Everyone', 'Pilots'].toSorted(),
      );
    });

    test('are created staged, activated, updated', async () => {
      const login = freshLogin();
      const staged = await client.createUser({
        profile: { ...names, login, email: login },
        activate: false,
      });
      expect(staged).toMatchObject({ status: 'STAGED' });
      expect(staged.activated ?? null).toBeNull();
      await client.activate(staged.id);
      expect(await client.getUser(staged.id)).toMatchObject({ status: 'PROVISIONED' });
      await client.updateUser(staged.id, { nickName: 'Countess' });
      expect(await client.getUser(staged.id)).toMatchObject({
        profile: { ...names, login, nickName: 'Countess' },
      });
    });

    test('are listed page by page, each once', async () => {
      for (let n = 0; n < 3; n += 1) await place.org.seedUser(freshLogin());
      const all = (await place.org.control('GET', '/users')).list;
      const listed = await client.listUsers({ limit: 2 });
      expect(listed.map(({ id }) => id)).toEqual(ids(all));
      const pages = (await log(place.org)).filter(({ path }) => path === '/api/v1/users');
      expect(pages).toHaveLength(Math.ceil(all.length / 2));
    });

    test('are found by search and by filter, the search in pages', async () => {
      const title = `Navigator ${crypto.randomUUID()}`;
      const found: Json[] = [];
      for (let n = 0; n < 3; n += 1) {
        const login = freshLogin();
        found.push(
          await place.org.seedUser(login, { profile: { ...names, login, email: login, title } }),
        );
      }
      const bySearch = await client.listUsers({ search: `profile.title eq "${title}"`, limit: 1 });
      expect(bySearch.map(({ id }) => id)).toEqual(ids(found));
      const pages = (await log(place.org)).filter(({ path }) => path === '/api/v1/users');
      expect(pages).toHaveLength(3);
      const login = String(found[0]?.profile['login']);
      expect(await client.listUsers({ filter: `profile.login eq "${login}"` })).toHaveLength(1);
      expect(await client.listUsers({ search: 'profile.title eq "Nobody"' })).toEqual([]);
    });

    test('are suspended, unsuspended, deactivated, deleted', async () => {
      const login = freshLogin();
      const { id } = await client.createUser({
        profile: { ...names, login, email: login },
        password: 'Analytical-Engine-1843',
      });
      const status = async (): Promise<string> => (await client.getUser(id)).status;
      expect(await status()).toBe('ACTIVE');
      await client.suspend(id);
      expect(await status()).toBe('SUSPENDED');
      await expect(client.suspend(id)).rejects.toMatchObject({
        type: habits.errorType,
        status: 400,
        errorCode: 'E0000001',
        causes: ['Cannot suspend a user that is not active'],
      });
      await client.unsuspend(id);
      expect(await status()).toBe('ACTIVE');
      await client.endSessions(id);
      await client.deactivate(id);
      expect(await status()).toBe('DEPROVISIONED');
      await client.deleteUser(id);
      await expect(client.getUser(id)).rejects.toMatchObject({
        type: habits.errorType,
        status: 404,
        errorCode: 'E0000007',
        message: expect.stringContaining(`Resource not found: ${id} (User)`) as unknown,
      });
    });

    test('are deleted by the second of two deletes, the first deactivates', async () => {
      const { id } = await place.org.seedUser(freshLogin());
      await client.deleteUser(id);
      expect(await client.getUser(id)).toMatchObject({ status: 'DEPROVISIONED' });
      await client.deleteUser(id);
      await expect(client.deleteUser(id)).rejects.toMatchObject({
        type: habits.errorType,
        status: 404,
        errorCode: 'E0000007',
      });
    });
  });

  describe('groups', () => {
    test('are created and listed page by page', async () => {
      const made = await client.createGroup(`Fleet ${crypto.randomUUID()}`, 'All ships');
      expect(made).toMatchObject({
        type: 'OKTA_GROUP',
        objectClass: ['okta:user_group'],
        profile: { description: 'All ships' },
      });
      for (let n = 0; n < 2; n += 1) await place.org.seedGroup(`Ship ${crypto.randomUUID()}`);
      const all = (await place.org.control('GET', '/groups')).list;
      const listed = await client.listGroups({ limit: 2 });
      expect(listed.map(({ id }) => id)).toEqual(ids(all));
      const pages = (await log(place.org)).filter(
        ({ path, ...call }) => path === '/api/v1/groups' && call['method'] === 'GET',
      );
      expect(pages).toHaveLength(Math.ceil(all.length / 2));
      const search = `profile.name eq "${made.profile.name}"`;
      expect(await client.listGroups({ search })).toEqual([made]);
    });

    test('take members in and let them go, and are walked page by page', async () => {
      const { id: groupId } = await place.org.seedGroup(`Crew ${crypto.randomUUID()}`);
      const people = [];
      for (let n = 0; n < 3; n += 1) people.push(await place.org.seedUser(freshLogin()));
      for (const { id } of people) await client.addMember(groupId, id);
      await place.org.control('DELETE', '/requests');
      const members = await client.members(groupId, { limit: 1 });
      expect(members.map(({ id }) => id)).toEqual(ids(people));
      expect(await log(place.org)).toHaveLength(3);
      for (const { id } of people.slice(1)) await client.removeMember(groupId, id);
      expect((await client.members(groupId, {})).map(({ id }) => id)).toEqual(
        people.slice(0, 1).map(({ id }) => id),
      );
    });
  });

  describe('a 429', () => {
    test('is waited out and the call repeated', async () => {
      const { id } = await place.org.seedUser(freshLogin());
      await client.listGroups({});
      await place.org.control('POST', '/faults', {
        method: 'POST',
        path: '/api/v1/users/*/lifecycle/suspend',
        fault: '429',
        resetSeconds: 1,
      });
      await place.org.control('DELETE', '/requests');
      await client.suspend(id);
      const calls = await log(place.org);
      expect(calls.map(({ status }) => status)).toEqual([429, 200]);
      const [refused, done] = calls.map((call) => Date.parse(String(call['at'])));
      expect((done ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(1000);
      expect(await client.getUser(id)).toMatchObject({ status: 'SUSPENDED' });
    });

    test('that does not end surfaces after the last retry', async () => {
      await client.listGroups({});
      await place.org.control('POST', '/faults', {
        path: '/api/v1/groups',
        fault: '429',
        times: 10,
        resetSeconds: 0,
      });
      await place.org.control('DELETE', '/requests');
      await expect(client.listGroups({})).rejects.toMatchObject(habits.retriesUsedUp);
      const calls = await log(place.org);
      expect(calls.map(({ status }) => status)).toEqual(
        Array.from({ length: 1 + RETRIES }, () => 429),
      );
    });
  });

  describe('an error answer becomes the error type of the SDK', () => {
    test('for a login that is taken', async () => {
      const login = freshLogin();
      await place.org.seedUser(login);
      const again = client.createUser({ profile: { ...names, login, email: login } });
      await expect(again).rejects.toMatchObject({
        type: habits.errorType,
        status: 400,
        errorCode: 'E0000001',
        causes: [
          'login: An object with this field already exists in the current organization',
        ] as unknown,
      });
    });

    test('for a group that is unknown', async () => {
      const { id } = await place.org.seedUser(freshLogin());
      await expect(client.addMember('00gNoSuchGroup000000', id)).rejects.toMatchObject({
        type: habits.errorType,
        status: 404,
        errorCode: 'E0000007',
      });
    });

    test('for a role that lacks a permission', async () => {
      const { id } = await place.org.seedUser(freshLogin());
      const { client: seed } = await connectAs({ roles: [SEED_ROLE] });
      await expect(seed.deactivate(id)).rejects.toMatchObject({
        type: habits.errorType,
        status: 403,
        errorCode: 'E0000006',
      });
    });

    test('for a failure of the server', async () => {
      await place.org.control('POST', '/faults', { path: '/api/v1/groups', fault: '500' });
      await expect(client.listGroups({})).rejects.toMatchObject({
        type: habits.errorType,
        status: 500,
        errorCode: 'E0000009',
      });
    });

    test('for what is not JSON: no body, HTML, no answer at all', async () => {
      const { client: reader } = await connectAs({}, ['okta.groups.read']);
      await expect(reader.listUsers({})).rejects.toMatchObject(habits.scopeMissing);
      await place.org.control('POST', '/faults', { path: '/api/v1/groups', fault: '502-html' });
      await expect(client.listGroups({})).rejects.toMatchObject(habits.badGateway);
      const { id, profile } = await place.org.seedUser(freshLogin());
      const path = '/api/v1/users/*/lifecycle/suspend';
      await place.org.control('POST', '/faults', { path, fault: 'lost-answer', times: 10 });
      await client.getUser(id);
      await place.org.control('DELETE', '/requests');
      await expect(client.suspend(id)).rejects.toMatchObject(habits.connectionCut);
      const calls = await log(place.org);
      expect(calls.filter((call) => call['fault'] === 'lost-answer')).toHaveLength(
        habits.repeatsLostAnswers ? 10 : 1,
      );
      expect(await place.org.truth(String(profile['login']))).toMatchObject({
        status: 'SUSPENDED',
      });
    });
  });
}

const names = { firstName: 'Ada', lastName: 'Lovelace' };

const freshLogin = (): string => `ada.${crypto.randomUUID()}@example.com`;

const ids = (things: readonly { readonly id: string }[]): string[] =>
  things.map(({ id }) => id).toSorted();

async function rsaKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
}

/** The calls that reached the org since its log was emptied. */
async function log(org: TestOrg): Promise<readonly (Json & { path?: unknown; status: unknown })[]> {
  return (await org.control('GET', '/requests?since=0')).list;
}
