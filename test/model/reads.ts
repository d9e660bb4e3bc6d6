// Reads that a worker shares between runs, each by itself here: a life is alone in its org, and real
// pauses between shared reads have no place in its clock.
import { parked } from '../../src/activities/failures.js';
import type { SharedReads } from '../../src/activities/reading.js';
import { problem } from '../../src/domain/problem.js';
import type { OktaConnection } from '../../src/okta/index.js';

export const reads: SharedReads = {
  directory: {
    async resolve(_connection, okta, name, { signal, take }) {
      const found = take(await okta.findGroupsByName(name, { signal }));
      const [group] = found;
      if (group !== undefined) return group;
      throw parked(problem('GROUP_UNKNOWN', `There is no group "${name}".`));
    },
    forget: () => Promise.resolve(),
  },
  members: {
    made: () => undefined,
    async confirm(_connection, okta, user, groupIds, { signal }) {
      const connection = okta as OktaConnection;
      const missing: (typeof groupIds)[number][] = [];
      for (const group of groupIds) {
        const { value } = await connection.listGroupMembers(group, { signal });
        if (!value.some(({ id }) => id === user)) missing.push(group);
      }
      return missing.length === 0
        ? { kind: 'member-of-all' }
        : { kind: 'missing', groupIds: missing };
    },
  },
};
