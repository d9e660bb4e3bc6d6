// One new token with a connection's key: asks, and asks again for what another request would mend, each
// only once. Keeping tokens and sharing them is for `token-source.ts`.
import { assertionTimes, signingKeyOf, type SigningKey } from './assertion.js';
import { factsWithoutAnswer } from './call.js';
import type { Clock } from './clock.js';
import { OktaAuthFailedError, OktaError } from './errors.js';
import type { HttpAnswer } from './exchange.js';
import { callableOrigin } from './origin.js';
import type { AccessToken, OktaCredentials } from './ports.js';
import { newProofKey, type Prover } from './proof.js';
import type { Sender } from './sender.js';
import { classifyTokenRefusal, tokenRemedyOf, type TokenRemedy } from './token-refusal.js';
import { readToken, requestToken, TOKEN_CALL } from './token-request.js';

export interface MintParts {
  send: Sender;
  clock: Clock;
  /** For the token endpoint. */
  prover: Prover;
}

export interface Minted {
  token: AccessToken;
  answer: HttpAnswer;
}

/**
 * @param withProof whether to come with a proof of possession at once; else only when Okta demands it
 * @throws OktaError, `OKTA_AUTH_FAILED` first of all
 */
export async function mint(
  { send, clock, prover }: MintParts,
  credentials: OktaCredentials,
  withProof: boolean,
): Promise<Minted> {
  const key = await importedKey(credentials.privateJwk);
  let proofKey = withProof ? await newProofKey() : null;
  const tried = new Set<TokenRemedy | 'connection'>();
  for (;;) {
    const sentAt = Date.now();
    const times = assertionTimes(clock.issuedAt());
    const request = { ...credentials, key, times, prover, proofKey };
    let answer: HttpAnswer;
    try {
      answer = await requestToken(send, request);
    } catch (error) {
      if (tried.has('connection') || !isBrokenConnection(error)) throw error;
      tried.add('connection');
      continue;
    }
    prover.hear(credentials.origin, answer);
    if (answer.status === 200) return { token: await readToken(answer, request, sentAt), answer };
    const remedy = tokenRemedyOf(answer, { times, proved: proofKey !== null });
    if (remedy === null || tried.has(remedy)) throw classifyTokenRefusal(TOKEN_CALL, answer);
    tried.add(remedy);
    if (remedy === 'clock') clock.learn(answer.headers);
    if (remedy === 'proof') proofKey = await newProofKey();
  }
}

/**
 * The credentials with their origin in its normal form.
 *
 * @throws OktaError `OKTA_AUTH_FAILED` where there are none, or none whose origin may be called
 */
export function callable(
  credentials: OktaCredentials | null,
  allowLoopback: boolean,
): OktaCredentials {
  if (credentials === null) throw cannotCall('There is no such connection.');
  const origin = callableOrigin(credentials.origin, allowLoopback);
  if (origin === null) throw cannotCall('Its Okta domain is none that may be called.');
  return { ...credentials, origin };
}

async function importedKey(jwk: Record<string, unknown>): Promise<SigningKey> {
  try {
    return await signingKeyOf(jwk);
  } catch {
    // What the library says of a key may quote it.
    throw cannotCall('Its private key is none that Okta takes: RSA or EC, as a JSON Web Key.');
  }
}

function cannotCall(hint: string): OktaError {
  return new OktaAuthFailedError('This connection cannot ask for a token.', {
    ...factsWithoutAnswer(TOKEN_CALL, false),
    hint,
  });
}

function isBrokenConnection(error: unknown): boolean {
  return (
    error instanceof OktaError && error.code === 'OKTA_UNAVAILABLE' && error.networkCode !== null
  );
}
