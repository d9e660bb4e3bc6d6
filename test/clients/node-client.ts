/**
 * Okta's SDK for Node as the story's client. It takes any `orgUrl`, plain HTTP included, and walks
 * pages by itself.
 */
import type { NodeSdk } from './node-package.js';
import {
  type ClientConfig,
  MAX_RETRIES,
  type NewPerson,
  type Person,
  type SdkClient,
  SdkFailure,
  type Team,
  personSchema,
  teamSchema,
} from './story.js';

export function connectNodeSdk(okta: NodeSdk, config: ClientConfig): Promise<SdkClient> {
  const { userApi, groupApi } = new okta.Client({
    authorizationMode: 'PrivateKey',
    orgUrl: config.orgUrl,
    clientId: config.clientId,
    privateKey: config.privateKeyPem,
    keyId: config.keyId,
    scopes: [...config.scopes],
    requestExecutor: new okta.DefaultRequestExecutor({
      maxRetries: MAX_RETRIES,
      requestTimeout: 0,
    }),
  });
  const surfaced = surfacedBy(okta);
  const person = async (answer: Promise<unknown>): Promise<Person> =>
    personSchema.parse(await surfaced(answer));
  const team = async (answer: Promise<unknown>): Promise<Team> =>
    teamSchema.parse(await surfaced(answer));
  const nothing = async (answer: Promise<unknown>): Promise<void> => {
    await surfaced(answer);
  };
  const people = async (collection: Promise<AsyncIterable<unknown>>): Promise<Person[]> =>
    (await surfaced(walk(collection))).map((item) => personSchema.parse(item));
  const teams = async (collection: Promise<AsyncIterable<unknown>>): Promise<Team[]> =>
    (await surfaced(walk(collection))).map((item) => teamSchema.parse(item));

  return Promise.resolve({
    createUser: ({ activate = true, ...newPerson }) =>
      person(userApi.createUser({ activate, body: creation(okta, newPerson) })),
    getUser: (userId) => person(userApi.getUser({ userId })),
    updateUser: (userId, changes) => {
      const profile = Object.assign(new okta.UserProfile(), changes);
      const user = Object.assign(new okta.UpdateUserRequest(), { profile });
      return person(userApi.updateUser({ userId, user }));
    },
    listUsers: (listing) => people(userApi.listUsers(listing)),
    groupsOfUser: (userId) => teams(userApi.listUserGroups({ userId })),
    activate: (userId) => nothing(userApi.activateUser({ userId, sendEmail: true })),
    suspend: (userId) => nothing(userApi.suspendUser({ userId })),
    unsuspend: (userId) => nothing(userApi.unsuspendUser({ userId })),
    deactivate: (userId) => nothing(userApi.deactivateUser({ userId })),
    deleteUser: (userId) => nothing(userApi.deleteUser({ userId })),
    endSessions: (userId) => nothing(userApi.revokeUserSessions({ userId, oauthTokens: true })),
    createGroup: (name, description) => {
      const profile = Object.assign(new okta.OktaUserGroupProfile(), { name, description });
      const group = Object.assign(new okta.CreateGroupRequest(), { profile });
      return team(groupApi.createGroup({ group }));
    },
    listGroups: (listing) => teams(groupApi.listGroups(listing)),
    members: (groupId, { limit }) =>
      people(groupApi.listGroupUsers({ groupId, ...(limit === undefined ? {} : { limit }) })),
    addMember: (groupId, userId) => nothing(groupApi.assignUserToGroup({ groupId, userId })),
    removeMember: (groupId, userId) => nothing(groupApi.unassignUserFromGroup({ groupId, userId })),
    close: () => Promise.resolve(),
  });
}

function creation(okta: NodeSdk, { profile, groupIds = [], password }: NewPerson): object {
  const body = Object.assign(new okta.CreateUserRequest(), {
    profile: Object.assign(new okta.UserProfile(), profile),
    groupIds: [...groupIds],
  });
  if (password === undefined) return body;
  const credential = Object.assign(new okta.PasswordCredential(), { value: password });
  return Object.assign(body, {
    credentials: Object.assign(new okta.UserCredentialsWritable(), { password: credential }),
  });
}

async function walk(collection: Promise<AsyncIterable<unknown>>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of await collection) items.push(item);
  return items;
}

/** The answer, or an SdkFailure with what the SDK's error says. */
function surfacedBy(okta: NodeSdk): <T>(answer: Promise<T>) => Promise<T> {
  return async (answer) => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof okta.OktaApiError) {
        throw new SdkFailure(error.message, {
          type: error.name,
          status: error.status,
          errorCode: error.errorCode,
          causes: (error.errorCauses ?? []).map(({ errorSummary }) => errorSummary ?? ''),
        });
      }
      if (!(error instanceof Error)) throw error;
      const status = 'status' in error ? Number(error.status) : undefined;
      throw new SdkFailure(error.message, {
        type: error.name,
        ...(status === undefined ? {} : { status }),
      });
    }
  };
}
