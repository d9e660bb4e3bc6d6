// One sealed value: AES-256-GCM with everything that is needed to open it but the key.
// Layout: version (1 byte) · key id (4, big endian) · iv (12) · tag (16) · cipher text. Version, key id
// and the context are authenticated, so a value moved to another row or field does not open there.
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { CryptoError } from './errors.js';

const VERSION = 1;
const HEADER_BYTES = 5;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const BODY_AT = HEADER_BYTES + IV_BYTES + TAG_BYTES;

/** What an envelope adds to the length of what is in it, in bytes. */
export const ENVELOPE_BYTES = BODY_AT;

/**
 * Random ivs are safe for 2^32 envelopes under one key (NIST SP 800-38D, 8.3): 100 a second for
 * sixteen months. The ring gets a new data key long before.
 */
export function sealWith(
  key: KeyObject,
  keyId: number,
  plain: Uint8Array,
  context: string,
): Buffer {
  const head = Buffer.allocUnsafe(BODY_AT);
  head.writeUInt8(VERSION, 0);
  head.writeUInt32BE(keyId, 1);
  const iv = randomBytes(IV_BYTES);
  iv.copy(head, HEADER_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(head, context));
  const body = cipher.update(plain);
  cipher.final();
  cipher.getAuthTag().copy(head, HEADER_BYTES + IV_BYTES);
  return Buffer.concat([head, body]);
}

/** The id of the key that sealed it. @throws {CryptoError} `ENVELOPE_INVALID` */
export function keyIdOf(sealed: Buffer): number {
  if (sealed.length < BODY_AT || sealed.readUInt8(0) !== VERSION) throw invalid();
  return sealed.readUInt32BE(1);
}

/** The inverse of {@link sealWith}. @throws {CryptoError} `ENVELOPE_INVALID` */
export function openWith(key: KeyObject, sealed: Buffer, context: string): Buffer {
  keyIdOf(sealed);
  const iv = sealed.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(sealed, context));
  decipher.setAuthTag(sealed.subarray(HEADER_BYTES + IV_BYTES, BODY_AT));
  const plain = decipher.update(sealed.subarray(BODY_AT));
  try {
    decipher.final();
  } catch (error) {
    throw invalid(error);
  }
  return plain;
}

function additionalData(head: Buffer, context: string): Buffer {
  return Buffer.concat([head.subarray(0, HEADER_BYTES), Buffer.from(context, 'utf8')]);
}

function invalid(cause?: unknown): CryptoError {
  return new CryptoError(
    'ENVELOPE_INVALID',
    'A sealed value does not open: it was damaged, altered or moved.',
    { cause },
  );
}
