// Groups by exact name. `q` is a prefix search that answers at once but cannot be paged; `search` goes
// through an index that lags and is complete. Source: Okta's Groups API, "List all groups".
import type { OktaGroup } from '../domain/okta-user.js';
import { groupAnswer } from './answers.schema.js';
import { callOf } from './call.js';
import type { Caller } from './caller.js';
import type { Answer, CallOptions } from './connection.js';
import { GROUPS } from './paths.js';

const LIMIT = 200;
/** The shortest page that the documentation shows for `q`, whatever was asked for. */
const SHORTEST_PAGE = 10;

export async function findGroupsByName(
  caller: Caller,
  name: string,
  options?: CallOptions,
): Promise<Answer<OktaGroup[]>> {
  const { value: starting, ...facts } = await list(caller, { q: name, limit: `${LIMIT}` }, options);
  const exact = starting.filter((group) => group.name === name);
  if (!mayBeCutShort(starting.length, exact.length)) return { ...facts, value: exact };
  const search = `profile.name eq "${name.replace(/["\\]/g, '\\$&')}"`;
  const found = await list(caller, { search, limit: `${LIMIT}` }, options);
  // The index may not have the newest groups yet, the prefix search not the last ones.
  const all = [...exact, ...found.value.filter((group) => group.name === name)];
  return { ...facts, value: [...new Map(all.map((group) => [group.id, group])).values()] };
}

/** One page, by `q`, which is never more than that. */
export function listGroups(
  caller: Caller,
  prefix: string,
  options?: CallOptions,
): Promise<Answer<OktaGroup[]>> {
  let left = LIMIT;
  const query = { ...(prefix === '' ? {} : { q: prefix }), limit: `${LIMIT}` };
  return caller.list(callOf('GET', GROUPS, 'D', {}, query), groupAnswer, {
    ...options,
    until: () => (left -= 1) === 0,
  });
}

function mayBeCutShort(starting: number, exact: number): boolean {
  return starting >= LIMIT || (exact === 0 && starting >= SHORTEST_PAGE);
}

function list(
  caller: Caller,
  query: Record<string, string>,
  options?: CallOptions,
): Promise<Answer<OktaGroup[]>> {
  return caller.list(callOf('GET', GROUPS, 'D', {}, query), groupAnswer, options);
}
