// What a refusal of the token endpoint means: what another try would mend, and else what an admin can
// do. Bodies are OAuth's, save for rate limits; `oauth-error.ts` reads them.
import type { AssertionTimes } from './assertion.js';
import { factsOf, type Call } from './call.js';
import { classifyAnswer } from './classify.js';
import { OktaAuthFailedError, OktaUnavailableError, type OktaError } from './errors.js';
import type { HttpAnswer } from './exchange.js';
import { serverTimeOf } from './headers.js';
import { hintOf, oauthErrorOf } from './oauth-error.js';

/** An answer of the token endpoint other than 200, as an error. */
export function classifyTokenRefusal(call: Call, answer: HttpAnswer): OktaError {
  const { error, description, fault } = oauthErrorOf(answer);
  const facts = factsOf(call, answer, null, false);
  if (error === 'temporarily_unavailable') {
    return new OktaUnavailableError('Okta gives out no tokens for the moment.', facts);
  }
  if (answer.status >= 500 || answer.status === 429 || (error === null && answer.status !== 401)) {
    return classifyAnswer(call, answer);
  }
  return new OktaAuthFailedError(
    `Okta gives this connection no token${error === null ? '' : ` (${error})`}.`,
    {
      ...facts,
      hint: hintOf(fault),
      fault,
      oauthError: error,
      oauthDescription: description,
    },
  );
}

/**
 * What one more request may mend: `proof`: the app demands proofs of possession; `nonce`: with the nonce
 * that came along; `clock`: by Okta's clock.
 */
export type TokenRemedy = 'proof' | 'nonce' | 'clock';

/** @param sent the times of the assertion, and whether a proof came with it */
export function tokenRemedyOf(
  answer: HttpAnswer,
  { times, proved }: { times: AssertionTimes; proved: boolean },
): TokenRemedy | null {
  const { error, fault } = oauthErrorOf(answer);
  if (error === 'use_dpop_nonce') return proved ? 'nonce' : 'proof';
  if (error === 'invalid_dpop_proof') return proved ? 'clock' : 'proof';
  if (answer.status !== 401 || error !== 'invalid_client') return null;
  const isLate = fault === 'clock' || isOutOfTime(times, serverTimeOf(answer.headers));
  return isLate ? 'clock' : null;
}

/** Okta's clock shows it, in whatever language Okta says so. */
function isOutOfTime({ iat, exp }: AssertionTimes, oktaTime: number | null): boolean {
  return oktaTime !== null && (iat * 1000 > oktaTime || exp * 1000 <= oktaTime);
}
