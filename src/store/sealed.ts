// JSON and optional text in envelopes. The context binds an envelope to its row and field: table,
// field and the row's key, so that one moved elsewhere does not open.
import type { KeyRing } from '../crypto/key-ring.js';

export function sealJson(ring: KeyRing, value: unknown, context: string): Buffer {
  return ring.sealText(JSON.stringify(value), context);
}

/** What {@link sealJson} sealed; the caller knows its type, since nobody else can have written it. */
export function openJson(ring: KeyRing, sealed: Buffer, context: string): unknown {
  return JSON.parse(ring.openText(sealed, context));
}

export function sealOptional(ring: KeyRing, text: string | null, context: string): Buffer | null {
  return text === null ? null : ring.sealText(text, context);
}

export function openOptional(ring: KeyRing, sealed: Buffer | null, context: string): string | null {
  return sealed === null ? null : ring.openText(sealed, context);
}
