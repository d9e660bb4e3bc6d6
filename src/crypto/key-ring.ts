// The data keys that seal what Tenure keeps, each wrapped by the master key. The newest seals, all of
// them open. A ring in use learns a newer key from its link: that key, sealed under the one before it.
// Where keys are kept is not known here; when they change is `store/rekey.ts`'s business.
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

/** A data key as somebody who holds the one before it can open it; null where that was ended. */
export interface LinkedKey {
  id: number;
  link: Buffer | null;
}

/** 16 hex digits that tell one master key from another and say nothing else about it. */
export function masterKeyId(masterKey: Buffer): string {
  return createHmac('sha256', masterKey).update('tenure master key id').digest('hex').slice(0, 16);
}

/** Makes a random data key, wrapped at once. */
export function createDataKey(id: number, masterKey: Buffer): WrappedKey {
  return wrap(id, randomKey(), masterKey);
}

export class KeyRing {
  readonly #keys: Map<number, KeyObject>;
  #newest: { id: number; key: KeyObject };
  #source: (afterId: number) => Promise<readonly LinkedKey[]> = () => Promise.resolve([]);

  private constructor(keys: Map<number, KeyObject>) {
    const id = Math.max(...keys.keys());
    const key = keys.get(id);
    if (key === undefined) throw new Error('a key ring needs a key');
    this.#newest = { id, key };
    this.#keys = keys;
  }

  /** The id of the data key that seals. */
  get primaryId(): number {
    return this.#newest.id;
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
    const { id, key } = this.#newest;
    return sealWith(key, id, plain, context);
  }

  /** The inverse of `seal`, whichever key did it. @throws {CryptoError} `ENVELOPE_INVALID`, `DATA_KEY_UNKNOWN` */
  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const key = this.#keys.get(keyIdOf(bytes));
    if (key === undefined) {
      throw new CryptoError(
        'DATA_KEY_UNKNOWN',
        `A value is sealed under data key ${keyIdOf(bytes)}, which this process cannot learn: restart it.`,
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

  /** Where {@link learn} asks for the keys that were made after one. */
  follow(source: (afterId: number) => Promise<readonly LinkedKey[]>): void {
    this.#source = source;
  }

  /** Takes the keys that were made since, as far as their links open. May be called at any time. */
  async learn(): Promise<void> {
    const made = await this.#source(this.primaryId);
    for (const { id, link } of [...made].sort((a, b) => a.id - b.id)) {
      const before = link === null ? undefined : this.#keys.get(keyIdOf(link));
      if (link === null || before === undefined) return;
      const key = createSecretKey(openWith(before, link, linkContext(id)));
      this.#keys.set(id, key);
      if (id > this.primaryId) this.#newest = { id, key };
    }
  }

  /**
   * Does `work`, and once more with newer keys where it met an envelope of a key that is not known.
   * So `work` must bear to be done twice up to its first envelope.
   */
  async withNewerKeys<T>(work: () => T | Promise<T>): Promise<T> {
    const { primaryId } = this;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CryptoError) || error.code !== 'DATA_KEY_UNKNOWN') throw error;
      await this.learn();
      // Another caller may have learned meanwhile.
      if (this.primaryId === primaryId) throw error;
      return await work();
    }
  }

  /**
   * Every key wrapped by another master key, and behind them a new one, with its link. This ring stays
   * as it is: the caller keeps them first.
   */
  succeed(masterKey: Buffer): { wrapped: WrappedKey[]; added: WrappedKey; link: Buffer } {
    const { id: before, key } = this.#newest;
    const id = before + 1;
    const next = randomKey();
    return {
      wrapped: [...this.#keys].map(([id, key]) => wrap(id, key, masterKey)),
      added: wrap(id, next, masterKey),
      link: sealWith(key, before, next.export(), linkContext(id)),
    };
  }
}

function randomKey(): KeyObject {
  return createSecretKey(randomBytes(DATA_KEY_BYTES));
}

function wrap(id: number, key: KeyObject, masterKey: Buffer): WrappedKey {
  const wrapped = sealWith(createSecretKey(masterKey), MASTER, key.export(), wrapContext(id));
  return { id, masterKeyId: masterKeyId(masterKey), wrapped };
}

function wrapContext(id: number): string {
  return `data-key:${id}`;
}

function linkContext(id: number): string {
  return `data-key-link:${id}`;
}
