// Access profiles: names in clear, since people look for them; groups and attributes sealed.
import { sql } from 'kysely';
import type { KeyRing } from '../crypto/key-ring.js';
import type { AccessProfile } from '../domain/access-profile.js';
import type { ConnectionId } from '../domain/brand.js';
import type { Database } from './database.js';
import { openJson, sealJson } from './sealed.js';
import type { AccessProfileStore } from './store.js';
import type { Tables } from './tables.js';

type Row = Tables['access_profiles'];

export function createAccessProfileStore(db: Database, ring: KeyRing): AccessProfileStore {
  const toProfile = ({ connection, name, terms }: Row): AccessProfile => ({
    name,
    ...(openJson(ring, terms, context(connection, name)) as Omit<AccessProfile, 'name'>),
  });
  const ofConnection = (connection: ConnectionId) =>
    db.selectFrom('access_profiles').selectAll().where('connection', '=', connection);

  return {
    async list(connection) {
      return (await ofConnection(connection).orderBy('name').execute()).map(toProfile);
    },

    async get(connection, name) {
      const row = await ofConnection(connection).where('name', '=', name).executeTakeFirst();
      return row === undefined ? null : toProfile(row);
    },

    async put(connection, { name, ...terms }) {
      const sealed = sealJson(ring, terms, context(connection, name));
      const { isNew } = await db
        .insertInto('access_profiles')
        .values({ connection, name, terms: sealed })
        .onConflict((conflict) =>
          conflict.columns(['connection', 'name']).doUpdateSet({ terms: sealed }),
        )
        // A row that was inserted has never been deleted or updated by a transaction.
        .returning(sql<boolean>`xmax = 0`.as('isNew'))
        .executeTakeFirstOrThrow();
      return isNew ? 'made' : 'replaced';
    },

    async remove(connection, name) {
      const { numDeletedRows } = await db
        .deleteFrom('access_profiles')
        .where('connection', '=', connection)
        .where('name', '=', name)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

function context(connection: ConnectionId, name: string): string {
  return `access_profiles.terms:${connection}:${name}`;
}
