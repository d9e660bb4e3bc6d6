// The one secret that everything else hangs on: 32 bytes that wrap the data keys of the ring. Read
// from a file or from a value that the caller found; never printed, not even in part.
import { readFile } from 'node:fs/promises';
import { CryptoError } from './errors.js';

const MASTER_KEY_BYTES = 32;

/** Where to take it from; the shape that `config.ts` hands over. */
export type MasterKeyPlace =
  { kind: 'file'; path: string } | { kind: 'value'; base64: string } | { kind: 'none' };

/**
 * The 32 bytes of the master key.
 * @throws {CryptoError} `MASTER_KEY_MISSING`, `MASTER_KEY_INVALID`; the message names the place only.
 */
export async function readMasterKey(place: MasterKeyPlace): Promise<Buffer> {
  switch (place.kind) {
    case 'file':
      return parseMasterKey(await readKeyFile(place.path), `The master key in ${place.path}`);
    case 'value':
      return parseMasterKey(place.base64, 'The master key');
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
