// Encrypts every payload that goes to Temporal, and decrypts what comes back. The whole payload goes
// into the envelope, its metadata too, so its type does not show either. Synchronous crypto: a payload
// of a kilobyte takes some tens of microseconds, about what a hop to the thread pool would.
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from './key-ring.js';

const { Payload: PayloadType } = proto.temporal.api.common.v1;

export const ENCRYPTED = 'binary/encrypted';
const ENCODING = Buffer.from(ENCRYPTED);
/** Not bound to a workflow: the Web UI decodes payloads without saying where they are from. */
const CONTEXT = 'temporal.payload';

/**
 * Decoding passes through what carries another encoding, such as payloads from before.
 * @throws {CryptoError} from `decode`: `ENVELOPE_INVALID`, `DATA_KEY_UNKNOWN`.
 */
export function createPayloadCodec(ring: KeyRing): PayloadCodec {
  return {
    encode: (payloads) => settle(() => payloads.map((payload) => encrypt(ring, payload))),
    decode: (payloads) =>
      ring.withNewerKeys(() => payloads.map((payload) => decrypt(ring, payload))),
  };
}

function encrypt(ring: KeyRing, payload: Payload): Payload {
  return {
    metadata: { encoding: ENCODING },
    data: ring.seal(PayloadType.encode(payload).finish(), CONTEXT),
  };
}

function decrypt(ring: KeyRing, payload: Payload): Payload {
  const encoding = payload.metadata?.['encoding'];
  if (encoding == null || !ENCODING.equals(encoding)) return payload;
  return PayloadType.decode(ring.open(payload.data ?? new Uint8Array(), CONTEXT));
}

/** The interface wants a promise; a throw must come out of it, not beside it. */
function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
