// Connections: what signs for an org, and whether it works.
import type { KeyRing } from '../crypto/key-ring.js';
import { admit, blockConnection } from './admissions.js';
import { createConnectionChanges, forget } from './connection-changes.js';
import { credentialsOf, keyContext, NO_BLOCK, toConnection } from './connection-rows.js';
import type { Database } from './database.js';
import { publicHalf } from '../domain/jwk.js';
import { sealJson } from './sealed.js';
import type { ConnectionStore } from './store.js';
import { clearAllSteps, lockTrials } from './trials.js';

export function createConnectionStore(db: Database, ring: KeyRing): ConnectionStore {
  return {
    ...createConnectionChanges(db, ring),

    async get(id) {
      const row = await db
        .selectFrom('connections')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : toConnection(ring, row);
    },

    async list() {
      const rows = await db.selectFrom('connections').selectAll().orderBy('id').execute();
      return rows.map((row) => toConnection(ring, row));
    },

    put: (connection) =>
      db.transaction().execute(async (trx) => {
        const { id, domain, clientId, scopes } = connection;
        const publicJwk = publicHalf(connection.privateJwk);
        await lockTrials(trx, id);
        const before = await trx
          .selectFrom('connections')
          .selectAll()
          .where('id', '=', id)
          .forUpdate()
          .executeTakeFirst();
        const given = {
          domain,
          client_id: clientId,
          scopes,
          status: connection.status,
          public_jwk: JSON.stringify(publicJwk),
          private_jwk: sealJson(ring, connection.privateJwk, keyContext(id)),
          ...NO_BLOCK,
        };
        const row = await trx
          .insertInto('connections')
          .values({
            id,
            name: connection.name,
            settings: JSON.stringify(connection.settings ?? {}),
            ...given,
          })
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet({
              ...given,
              name: connection.name ?? before?.name ?? null,
              settings: JSON.stringify({ ...before?.settings, ...connection.settings }),
            }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        if (before !== undefined) await forget(trx, before, row);
        await clearAllSteps(trx, id);
        return toConnection(ring, row);
      }),

    async credentials(id) {
      const row = await db
        .selectFrom('connections')
        .select(['domain', 'client_id', 'scopes', 'private_jwk'])
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : credentialsOf(ring, row, row.private_jwk, keyContext(id));
    },

    block: (id, problem) => blockConnection(db, ring, id, problem),

    async unblock(id) {
      await db
        .updateTable('connections')
        .set({ status: 'ready', ...NO_BLOCK })
        .where('id', '=', id)
        .where('blocked_step', 'is', null)
        .execute();
    },

    admission: (run, step) => admit(db, ring, run, step),
  };
}
