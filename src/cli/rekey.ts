// `tenure rekey`: finds the database and the master key, has the key replaced, and says what is left
// to a person. It works on the database itself, since a key may have no way through the API.
import { join, resolve } from 'node:path';
import type { Config, MasterKeySource } from '../config.js';
import { changeByHand, changeInPlace, type MasterKeyChange } from '../crypto/master-key.js';
import { rekey, type RekeyReport } from '../store/rekey.js';
import { readArgs } from './arguments.js';
import { CliProblem, type Command } from './command.js';
import { JSON_USAGE, runtimeOf } from './service.js';

const USAGE = `npm run tenure -- rekey [--new-key-file FILE] [--json]

Replaces the master key and adds a data key, while everything runs. It may be interrupted at any
moment: what runs goes on, what starts finds its key, and the same command ends what it began.

The database is DATABASE_URL, or that of the embedded mode while it runs (npm start). The new key is
written to <key file>.next and takes the place of the key file; one that is there already is used.

  --new-key-file FILE  the new key is in FILE, or is made there, and a person tells every process
${JSON_USAGE}

Where the key is in TENURE_MASTER_KEY:
  1. make FILE: (umask 077; openssl rand -base64 32 > FILE)
  2. set TENURE_MASTER_KEY_NEXT to its content for every API and worker; none need start again for it
  3. this command, with --new-key-file FILE
  4. set TENURE_MASTER_KEY to the content of FILE, and take TENURE_MASTER_KEY_NEXT away`;

const OPTIONS = { 'new-key-file': { type: 'string' }, json: { type: 'boolean' } } as const;

export const rekeyCommand: Command = {
  name: 'rekey',
  summary: 'replaces the master key, while everything runs',
  usage: USAGE,
  run: async (args, { config, say }) => {
    const { values } = readArgs(args, OPTIONS, []);
    const newKeyFile = values['new-key-file'];
    const way = wayOf(
      masterKeyPlace(config),
      newKeyFile === undefined ? null : resolve(newKeyFile),
    );
    const report = await rekey({ databaseUrl: databaseUrlOf(config) }, way.change);
    say(values.json === true ? JSON.stringify(report) : words(report, way));
    return 0;
  },
};

/** As the embedded mode has it where nothing else is said. */
function masterKeyPlace({ masterKey, home }: Config): MasterKeySource {
  return masterKey.kind === 'none'
    ? { kind: 'file', path: join(resolve(home), 'master.key') }
    : masterKey;
}

interface Way {
  change: MasterKeyChange;
  /** What is left to a person, once the key is in force and where every start looks first, or not. */
  leftToDo: (inPlace: boolean) => string;
}

function wayOf(place: MasterKeySource, newKeyFile: string | null): Way {
  if (newKeyFile !== null) {
    const setting =
      place.kind === 'file'
        ? `TENURE_MASTER_KEY_FILE to ${newKeyFile}`
        : `TENURE_MASTER_KEY to the content of ${newKeyFile}`;
    return {
      change: changeByHand(place, newKeyFile),
      leftToDo: (inPlace) =>
        inPlace
          ? 'Nothing is left to do: every start finds the key in force.'
          : `To do: set ${setting} for every API and worker before its next start.`,
    };
  }
  if (place.kind === 'file') {
    const { path } = place;
    return {
      change: changeInPlace(path),
      leftToDo: (inPlace) =>
        inPlace
          ? `To do: copy ${path} to where you keep its copy, and to every other host.`
          : `To do: put ${path}.next in the place of ${path}, which is not possible from here.`,
    };
  }
  throw new CliProblem(
    'The master key is in TENURE_MASTER_KEY, which cannot be changed from here: name a file for the new one with --new-key-file FILE; --help says what to do before and after.',
    2,
  );
}

function databaseUrlOf({ databaseUrl, home }: Config): string {
  const url = databaseUrl ?? runtimeOf(resolve(home)).databaseUrl;
  if (url !== undefined) return url;
  throw new CliProblem(
    `There is no database to work on: set DATABASE_URL, or start the embedded mode on ${resolve(home)} first (npm start).`,
  );
}

function words(report: RekeyReport, { leftToDo }: Way): string {
  const rows = Object.values(report.rows).reduce((sum, count) => sum + count, 0);
  return [
    report.resumed
      ? 'A rekey that had been interrupted is done now; no other master key was made.'
      : 'The master key is replaced.',
    `Data key ${report.dataKey} seals from now on; ${rows} rows were sealed anew under it.`,
    ...Object.entries(report.left).map(
      ([table, count]) => `${count} rows of ${table} were at work; they open as before.`,
    ),
    ...Object.entries(report.damaged).map(
      ([table, count]) => `${count} values in ${table} did not open and were left as they are.`,
    ),
    leftToDo(report.inPlace),
    'Backups of the database from before open with the former key only: keep its copy with them.',
  ].join('\n');
}
