// A process that brings a schema up to date, to be killed in the middle of it: `DATABASE_URL`, and the
// migrations as JSON in its first argument. Prints what it applied.
import { openDatabase } from '../../src/store/database.js';
import { lockSetup, migrate } from '../../src/store/migrate.js';
import type { Migration } from '../../src/store/migrations.js';

const db = openDatabase({ databaseUrl: process.env['DATABASE_URL'] ?? '' });
const applied = await db.transaction().execute(async (trx) => {
  await lockSetup(trx);
  return migrate(trx, JSON.parse(process.argv[2] ?? '[]') as Migration[]);
});
await db.destroy();
process.stdout.write(JSON.stringify(applied));
