// The one secret that everything else hangs on: 32 bytes that wrap the data keys of the ring. Read
// from a file or from a value that the caller found; never printed, not even in part. During a rekey
// there are two, and only the database tells which one is in force: `store/rekey.ts`.
import { readFile } from 'node:fs/promises';
import { CryptoError } from './errors.js';
import { ensureKeyFile, nextKeyFile, replaceKeyFile } from './master-key-file.js';

const MASTER_KEY_BYTES = 32;

/** Where to take it from; the shape that `config.ts` hands over. */
export type MasterKeyPlace =
  | { kind: 'file'; path: string }
  | { kind: 'value'; base64: string; next?: string | null }
  | { kind: 'none' };

/** What may open a database: the master key, and the one that a rekey may have put in its place. */
export interface MasterKeys {
  /** Begins a sentence: `The master key in /etc/tenure/key`. */
  subject: string;
  /** Null where only the next one can be read. */
  key: Buffer | null;
  next: NextMasterKey | null;
}

export interface NextMasterKey {
  key: Buffer;
  /** Puts it in the other's place, once it is in force; false where only a person can do that. */
  adopt: () => Promise<boolean>;
}

/** Where a rekey finds the master keys; the protocol is that of `store/rekey.ts`. */
export interface MasterKeyChange {
  /** As any start reads them. */
  read: () => Promise<MasterKeys>;
  /** The next one, made where there is none; durable when this resolves. */
  prepare: () => Promise<Buffer>;
}

/**
 * Reads both, the next one first: a rekey that ends in between has moved it into the other's place.
 * @throws {CryptoError} `MASTER_KEY_MISSING`, `MASTER_KEY_INVALID` where there is no next one either.
 */
export async function readMasterKeys(place: MasterKeyPlace): Promise<MasterKeys> {
  const next = await readNext(place).catch(() => null);
  const key = await readMasterKey(place).catch((error: unknown) => {
    if (next === null) throw error;
    return null;
  });
  return { subject: subjectOf(place), key, next };
}

/** For a caller who has the key at hand. */
export function onlyMasterKey(key: Buffer): MasterKeys {
  return { subject: 'The master key', key, next: null };
}

/** The next key beside the present one, which it then takes the place of. */
export function changeInPlace(path: string): MasterKeyChange {
  const next = nextKeyFile(path);
  return {
    read: () => readMasterKeys({ kind: 'file', path }),
    prepare: async () => {
      await ensureKeyFile(next, path);
      return readMasterKey({ kind: 'file', path: next });
    },
  };
}

/** The next key in a file elsewhere; a person tells every process of it. */
export function changeByHand(place: MasterKeyPlace, file: string): MasterKeyChange {
  const read = () => readMasterKey({ kind: 'file', path: file });
  return {
    read: async () => {
      const key = await read().catch(() => null);
      const keys = await readMasterKeys(place);
      return key === null ? keys : { ...keys, next: { key, adopt: () => Promise.resolve(false) } };
    },
    prepare: async () => {
      await ensureKeyFile(file);
      return read();
    },
  };
}

async function readNext(place: MasterKeyPlace): Promise<NextMasterKey | null> {
  if (place.kind === 'file') {
    const key = await readMasterKey({ kind: 'file', path: nextKeyFile(place.path) });
    return { key, adopt: () => replaceKeyFile(place.path) };
  }
  if (place.kind === 'none' || place.next == null) return null;
  return { key: parseMasterKey(place.next), adopt: () => Promise.resolve(false) };
}

function subjectOf(place: MasterKeyPlace): string {
  return `The master key in ${place.kind === 'file' ? place.path : 'TENURE_MASTER_KEY'}`;
}

/**
 * The 32 bytes of the master key.
 * @throws {CryptoError} `MASTER_KEY_MISSING`, `MASTER_KEY_INVALID`; the message names the place only.
 */
export async function readMasterKey(place: MasterKeyPlace): Promise<Buffer> {
  switch (place.kind) {
    case 'file':
      return parseMasterKey(await readKeyFile(place.path), subjectOf(place));
    case 'value':
      return parseMasterKey(place.base64, subjectOf(place));
    case 'none':
      throw new CryptoError(
        'MASTER_KEY_MISSING',
        'There is no master key: name a file that holds 32 random bytes in base64.',
      );
  }
}

/**
 * Reads 32 bytes from base64; white space around them is fine.
 * @param subject begins the sentence of the error, e.g. `The master key in /etc/tenure/key`.
 * @throws {CryptoError} `MASTER_KEY_INVALID`
 */
export function parseMasterKey(base64: string, subject = 'The master key'): Buffer {
  const text = base64.trim();
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is not base64, so only the way back shows that all of it was read.
  const exact = bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!exact || bytes.length !== MASTER_KEY_BYTES) {
    throw new CryptoError(
      'MASTER_KEY_INVALID',
      `${subject} must be ${MASTER_KEY_BYTES} bytes in base64, as \`openssl rand -base64 32\` prints them.`,
    );
  }
  return bytes;
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new CryptoError(
      'MASTER_KEY_MISSING',
      `The master key file ${path} cannot be read (${why}).`,
      { cause: error },
    );
  }
}
