// What a run is started anew with whose workflow was ended from outside: what it was asked for, and how
// it stood. Pure.
import { runRef } from '../contract/ids.js';
import type { OffboardInput, OnboardInput, Recovered } from '../contract/workflows.js';
import type { JsonValue } from '../domain/okta-user.js';
import type { RunRecord } from '../domain/run.js';
import { inputOf, type RunInput } from './start-order.js';

/** The stored input of a run and of the one before it, each null where there is none. */
export interface StoredInputs {
  own: JsonValue | null;
  previous: JsonValue | null;
}

/** Null where neither the run nor the onboarding whose contract end it is left an input. */
export function recoveryOf(
  record: RunRecord,
  { own, previous }: StoredInputs,
  recovered: Recovered,
): RunInput | null {
  if (own !== null) {
    const run = inputOf(record.kind, own);
    return run.kind === 'onboarding'
      ? { kind: run.kind, input: { ...run.input, recovered } }
      : { kind: run.kind, input: { ...run.input, recovered } };
  }
  if (record.kind !== 'offboarding' || previous === null) return null;
  const contract = contractEndOf(record, previous as unknown as OnboardInput);
  return contract && { kind: 'offboarding', input: { ...contract, recovered } };
}

/** As `onboard` went on as this offboarding. */
function contractEndOf(record: RunRecord, onboarding: OnboardInput): OffboardInput | null {
  const { run: contractOf, contractEnd } = onboarding;
  if (contractEnd === null) return null;
  const { connection, subjectRef, requestId, person, deadlines } = record;
  return {
    run: runRef(connection, subjectRef, requestId),
    person,
    suspendAt: deadlines.suspendAt ?? contractEnd.endsAt,
    terms: contractEnd.terms,
    takeover: false,
    contractOf,
  };
}
