// Why something could not be sealed or opened. No message holds a key, a plain text or a context:
// all of them can go to a log.

export type CryptoErrorCode =
  /** There is no master key, or its file cannot be read. */
  | 'MASTER_KEY_MISSING'
  /** It is not 32 bytes in base64. */
  | 'MASTER_KEY_INVALID'
  /** A new one cannot be kept where it must be. */
  | 'MASTER_KEY_UNWRITABLE'
  /** It is a master key, but not the one that wrapped these data keys. */
  | 'MASTER_KEY_WRONG'
  /** Sealed under a data key that this ring does not have. */
  | 'DATA_KEY_UNKNOWN'
  /** Damaged, altered, cut, or sealed for another place. */
  | 'ENVELOPE_INVALID';

export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
