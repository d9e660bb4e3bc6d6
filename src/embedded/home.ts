// TENURE_HOME: the directory, its keys and its lock. Keys are made once, on the first start, and
// never again while data exists that only they can read.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartProblem, systemCode } from './problem.js';
import { isRunning, noteProcess, type ProcessMark } from './process-mark.js';

/** Creates the directory, open to its owner only. @throws {StartProblem} where it cannot. */
export function openHome(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
  } catch (error) {
    throw new StartProblem(
      `The directory ${home} cannot be used (${systemCode(error) ?? String(error)}): set TENURE_HOME to one that you may write to.`,
      { cause: error },
    );
  }
}

/**
 * The file of the master key, made where there is none. `dataExists` says that something is
 * encrypted with it already. @throws {StartProblem} when the key is gone and the data is not.
 */
export function masterKeyFile(home: string, dataExists: boolean): string {
  const file = join(home, 'master.key');
  // An interrupted rekey leaves the next one beside it; whoever opens the database knows which holds.
  if (existsSync(file) || existsSync(`${file}.next`)) return file;
  if (dataExists) {
    throw new StartProblem(
      `The database of ${home} exists but its master key ${file} is gone: put the key back from a backup, without it nothing can be decrypted.`,
    );
  }
  writeSecret(file, randomBytes(32).toString('base64'));
  return file;
}

/** The file of the first administrator's API key, made where there is none. */
export function adminKeyFile(home: string): string {
  const file = join(home, 'admin.key');
  if (!existsSync(file)) writeSecret(file, `tnr_${randomBytes(32).toString('base64url')}`);
  return file;
}

/** Where a part's output goes. */
export function logFile(home: string, part: string): string {
  return join(home, 'logs', `${part}.log`);
}

const LONGEST_LOG_BYTES = 10_000_000;

/** Keeps one older log beside the current one, so that logs cannot fill the disk over months. */
export function rotateLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LONGEST_LOG_BYTES) renameSync(file, `${file}.1`);
}

/** Written by one rename, readable by the owner only. */
export function writeSecret(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.new`;
  writeFileSync(unfinished, `${text}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** Held while the embedded mode runs on a home. */
export interface HomeLock {
  release: () => void;
}

/**
 * Takes the home for this process; `url` is told to whoever comes second. A lock whose owner no
 * longer runs is taken over. @throws {StartProblem} naming the owner's pid and address.
 */
export function lockHome(home: string, url: string): HomeLock {
  const file = join(home, 'lock');
  const mine = `${file}.${process.pid}.new`;
  writeFileSync(mine, JSON.stringify({ ...noteProcess(process.pid), url }), { mode: 0o600 });
  try {
    while (!linked(mine, file)) {
      const owner = readLock(file);
      if (owner !== null && isRunning(owner)) throw inUse(home, owner);
      takeAway(home, file);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    release: () => {
      if (readLock(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

interface Owner extends ProcessMark {
  url: string;
}

// A hard link appears with its whole content or not at all, and only where there was no file.
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead owner's lock; a living one that slipped in between is put back. */
function takeAway(home: string, file: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const owner = readLock(aside);
  const living = owner !== null && isRunning(owner) ? owner : null;
  if (living !== null) linked(aside, file);
  rmSync(aside, { force: true });
  if (living !== null) throw inUse(home, living);
}

function readLock(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

function inUse(home: string, owner: Owner): StartProblem {
  return new StartProblem(
    `Tenure already runs on ${home} (process ${owner.pid}, ${owner.url}): use that one, or stop it with \`kill ${owner.pid}\` first.`,
  );
}
