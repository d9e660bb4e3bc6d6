// The data keys that seal what Tenure keeps, each wrapped by the master key. The newest seals, all of
// them open; a new master key only has to wrap them again. Where wrapped keys are kept is not known here.
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { keyIdOf, openWith, sealWith } from './envelope.js';
import { CryptoError } from './errors.js';

const DATA_KEY_BYTES = 32;
/** The key id of an envelope that the master key itself has sealed; data keys count from 1. */
const MASTER = 0;

/** A data key at rest. */
export interface WrappedKey {
  /** 1 to 2^32 − 1; the highest seals new data. */
  id: number;
  /** See {@link masterKeyId}. */
  masterKeyId: string;
  wrapped: Buffer;
}

/** 16 hex digits that tell one master key from another and say nothing else about it. */
export function masterKeyId(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('tenure master key id').digest('hex').slice(0, 16);
}

/** Makes a random data key, wrapped at once. */
export function createDataKey(id: number, masterKey: Buffer): WrappedKey {
  const key = createSecretKey(masterKey);
  return {
    id,
    masterKeyId: masterKeyId(masterKey),
    wrapped: sealWith(key, MASTER, randomBytes(DATA_KEY_BYTES), wrapContext(id)),
  };
}

export class KeyRing {
  /** The id of the data key that seals. */
  readonly primaryId: number;
  readonly #primary: KeyObject;
  readonly #keys: ReadonlyMap<number, KeyObject>;

  private constructor(keys: ReadonlyMap<number, KeyObject>) {
    this.primaryId = Math.max(...keys.keys());
    const primary = keys.get(this.primaryId);
    if (primary === undefined) throw new Error('a key ring needs a key');
    this.#primary = primary;
    this.#keys = keys;
  }

  /**
   * The ring of at least one wrapped key.
   * @throws {CryptoError} `MASTER_KEY_WRONG` where another master key wrapped one of them,
   * `ENVELOPE_INVALID` where one is damaged.
   */
  static unwrap(wrapped: readonly WrappedKey[], masterKey: Buffer): KeyRing {
    const ours = masterKeyId(masterKey);
    if (wrapped.some((key) => key.masterKeyId !== ours)) {
      throw new CryptoError(
        'MASTER_KEY_WRONG',
        'This master key is not the one that the data keys of this database were wrapped with; nothing was changed.',
      );
    }
    const master = createSecretKey(masterKey);
    return new KeyRing(
      new Map(
        wrapped.map((key) => [
          key.id,
          createSecretKey(openWith(master, key.wrapped, wrapContext(key.id))),
        ]),
      ),
    );
  }

  /**
   * Seals bytes for one place: `context` names it (`runs.input:<id>`) and is needed to open them.
   * The result is {@link ENVELOPE_BYTES} longer.
   */
  seal(plain: Uint8Array, context: string): Buffer {
    return sealWith(this.#primary, this.primaryId, plain, context);
  }

  /** The inverse of `seal`, whichever key did it. @throws {CryptoError} `ENVELOPE_INVALID`, `DATA_KEY_UNKNOWN` */
  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const key = this.#keys.get(keyIdOf(bytes));
    if (key === undefined) {
      throw new CryptoError(
        'DATA_KEY_UNKNOWN',
        `A value is sealed under data key ${keyIdOf(bytes)}, which this ring does not have.`,
      );
    }
    return openWith(key, bytes, context);
  }

  /** `seal` for text. */
  sealText(plain: string, context: string): Buffer {
    return this.seal(Buffer.from(plain, 'utf8'), context);
  }

  /** `open` for text. */
  openText(sealed: Uint8Array, context: string): string {
    return this.open(sealed, context).toString('utf8');
  }
}

function wrapContext(id: number): string {
  return `data-key:${id}`;
}
