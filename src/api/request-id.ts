// UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits, so
// that ids made later sort later.
import { randomBytes } from 'node:crypto';
import { as, type RequestId } from '../domain/brand.js';

export function newRequestId(now: number = Date.now()): RequestId {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return as<RequestId>(
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
      '-',
    ),
  );
}
