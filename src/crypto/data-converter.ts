// How Tenure's payloads and failures look to Temporal. Client, worker and workflow bundle must use
// the same converter, or one cannot read the other.
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from './key-ring.js';
import { createPayloadCodec } from './payload-codec.js';

/** Absolute path; `bundleWorkflowCode` needs it as well, or failures inside workflows stay in clear. */
export const failureConverterPath = fileURLToPath(
  new URL('./failure-converter.mjs', import.meta.url),
);

/** For `Client`, `Worker.create` and `NativeConnection` alike. */
export function createDataConverter(ring: KeyRing): DataConverter {
  return { failureConverterPath, payloadCodecs: [createPayloadCodec(ring)] };
}
