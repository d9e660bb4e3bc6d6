// The calls themselves: which path, which bucket, what the answer holds. Source: Okta's Users, Groups
// and Group Rules API; which calls share a bucket: recorded traffic 2021 and 2025.
import { groupAnswer, groupRuleAnswer, userAnswer, userIdAnswer } from './answers.schema.js';
import { callOf } from './call.js';
import { answerOf, readJson, readNothing, type Caller } from './caller.js';
import type { Answer, CallOptions, OktaConnection } from './connection.js';
import { findGroupsByName, listGroups } from './group-search.js';
import { GROUP, GROUP_RULES, MEMBER, MEMBERS, USER, USERS } from './paths.js';
import { UserSight } from './user-sight.js';
import type { TokenSource } from './token-source.js';

const readUser = readJson(userAnswer);
const readGroup = readJson(groupAnswer);

export function createConnection(tokens: TokenSource, caller: Caller): OktaConnection {
  const lifecycle =
    (operation: string) =>
    async (user: string, { signal }: CallOptions = {}): Promise<Answer<void>> => {
      const call = callOf('POST', `${USER}/lifecycle/${operation}`, 'A', { user });
      return caller.call(call, readNothing, signal);
    };

  const sight = new UserSight(async () => {
    const call = callOf('GET', USERS, 'A', {}, { limit: '1' });
    const { value } = await caller.list(call, userAnswer, { until: () => true });
    return value.length > 0;
  });

  return {
    async mintToken({ signal, renew } = {}) {
      const { token, minted } = await tokens.verify(signal, renew);
      const value = { expiresAt: token.expiresAt, scopes: [...token.scopes] };
      return minted === null ? { value, requestId: null, date: null } : answerOf(minted, value);
    },

    origin: ({ signal } = {}) => tokens.origin(signal),

    async getUser(user, { signal } = {}) {
      const answer = await caller.call(callOf('GET', USER, 'B', { user }), readUser, signal);
      sight.sawSomebody();
      return answer;
    },

    canReadUsers: ({ signal } = {}) => sight.seesAnybody(signal),

    async createUser({ profile, groupIds, activate }, { signal } = {}) {
      const call = callOf('POST', USERS, 'A', {}, { activate: String(activate) });
      const body = JSON.stringify({ profile, ...(groupIds.length > 0 ? { groupIds } : {}) });
      return caller.call({ ...call, body }, readUser, signal);
    },

    async updateUser(user, profile, { signal } = {}) {
      const call = callOf('POST', USER, 'C', { user });
      return caller.call({ ...call, body: JSON.stringify({ profile }) }, readUser, signal);
    },

    suspendUser: lifecycle('suspend'),
    unsuspendUser: lifecycle('unsuspend'),
    deactivateUser: lifecycle('deactivate'),
    unlockUser: lifecycle('unlock'),

    async revokeSessions(user, { signal } = {}) {
      const query = { oauthTokens: 'true' };
      const call = callOf('DELETE', `${USER}/sessions`, 'A', { user }, query);
      return caller.call(call, readNothing, signal);
    },

    async listUserGroups(user, options) {
      return caller.list(callOf('GET', `${USER}/groups`, 'A', { user }), groupAnswer, options);
    },

    async getGroup(group, { signal } = {}) {
      return caller.call(callOf('GET', GROUP, 'E', { group }), readGroup, signal);
    },

    findGroupsByName: (name, options) => findGroupsByName(caller, name, options),

    listGroups: (prefix, options) => listGroups(caller, prefix, options),

    async scanGroupMembers(group, visit, options) {
      return caller.scan(callOf('GET', MEMBERS, 'D', { group }), userIdAnswer, visit, options);
    },

    async listGroupMembers(group, options) {
      return caller.list(callOf('GET', MEMBERS, 'D', { group }), userAnswer, options);
    },

    async addToGroup(group, user, { signal } = {}) {
      return caller.call(callOf('PUT', MEMBER, 'D', { group, user }), readNothing, signal);
    },

    async removeFromGroup(group, user, { signal } = {}) {
      return caller.call(callOf('DELETE', MEMBER, 'D', { group, user }), readNothing, signal);
    },

    async listGroupRules(options) {
      const call = callOf('GET', GROUP_RULES, 'D', {}, { limit: '200' });
      return caller.list(call, groupRuleAnswer, options);
    },
  };
}
