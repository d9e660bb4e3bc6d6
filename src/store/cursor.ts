// The place where a list goes on: the sequence number of the last row that was shown. Opaque to
// callers, so that it can hold something else one day.
import { CursorInvalidError } from './errors.js';

const SEQUENCE = /^[1-9][0-9]{0,18}$/;

export function encodeCursor(seq: string): string {
  return Buffer.from(seq, 'utf8').toString('base64url');
}

/** The inverse of {@link encodeCursor}. @throws {CursorInvalidError} */
export function decodeCursor(cursor: string): string {
  const seq = Buffer.from(cursor, 'base64url').toString('utf8');
  // A bigint has up to 19 digits, but not all of those.
  if (!SEQUENCE.test(seq) || BigInt(seq) > 2n ** 63n - 1n) {
    throw new CursorInvalidError('This cursor was not given out by a list of runs.');
  }
  return seq;
}
