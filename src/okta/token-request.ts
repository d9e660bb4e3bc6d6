// One token request through `oauth4webapi` and the reading of its success (RFC 6749, sections 4.4 and
// 5.1). Refusals are for `token-refusal.ts`, repeating for `minting.ts`, keeping for `token-source.ts`.
import * as oauth from 'oauth4webapi';
import { privateKeyJwt, type AssertionTimes, type SigningKey } from './assertion.js';
import type { Call } from './call.js';
import { unreadable } from './classify.js';
import type { HttpAnswer } from './exchange.js';
import type { AccessToken, ProofKey } from './ports.js';
import type { Prover } from './proof.js';
import type { Sender } from './sender.js';

/** The org authorization server's; only it gives out tokens for Okta's own API. */
const TOKEN_PATH = '/oauth2/v1/token';

/** A lost token is no deed: nothing was changed. Its assertion is good for one request only. */
export const TOKEN_CALL: Call = {
  method: 'POST',
  template: TOKEN_PATH,
  path: TOKEN_PATH,
  bucket: 'T',
  changes: false,
  repeatable: false,
};

export interface TokenRequest {
  origin: string;
  clientId: string;
  scopes: readonly string[];
  key: SigningKey;
  times: AssertionTimes;
  prover: Prover;
  /** What the token shall be bound to; null for a Bearer token. */
  proofKey: ProofKey | null;
}

/** Asks once; every status comes back as it is. */
export async function requestToken(send: Sender, request: TokenRequest): Promise<HttpAnswer> {
  const { origin, clientId, scopes, key, times, prover, proofKey } = request;
  const answers: HttpAnswer[] = [];
  await oauth.clientCredentialsGrantRequest(
    serverOf(origin),
    { client_id: clientId },
    privateKeyJwt(key, origin + TOKEN_PATH, times),
    { scope: scopes.join(' ') },
    {
      [oauth.customFetch]: async (_url, { body, headers }) => {
        const { 'user-agent': _theirs, ...others } = headers;
        const call = { ...TOKEN_CALL, body: body.toString() };
        const answer = await send(call, {
          origin,
          headers: async () => ({
            ...others,
            ...(proofKey === null ? {} : await prover.prove(proofKey, origin, call)),
          }),
        });
        answers.push(answer);
        return responseOf(answer);
      },
    },
  );
  const [answer] = answers;
  if (answer === undefined) throw new Error('oauth4webapi did not send the request');
  return answer;
}

/**
 * The token of a 200 answer to `request`, which was sent at `sentAt` (milliseconds since 1970, on our
 * clock): its life is counted from there.
 *
 * @throws OktaError `OKTA_UNEXPECTED_RESPONSE`
 */
export async function readToken(
  answer: HttpAnswer,
  request: Pick<TokenRequest, 'origin' | 'clientId' | 'scopes' | 'proofKey'>,
  sentAt: number,
): Promise<AccessToken> {
  const body = await processed(answer, request);
  const proofKey = body.token_type === 'dpop' ? request.proofKey : null;
  if (body.token_type === 'dpop' && proofKey === null) {
    throw unreadable(TOKEN_CALL, answer, 'token_type: DPoP, without a proof');
  }
  if (body.expires_in === undefined) throw unreadable(TOKEN_CALL, answer, 'expires_in: missing');
  return {
    accessToken: body.access_token,
    proofKey,
    // All that were asked for, where the answer names none (RFC 6749, section 5.1).
    scopes: body.scope?.split(' ').filter(Boolean) ?? [...request.scopes],
    expiresAt: new Date(sentAt + body.expires_in * 1000).toISOString(),
  };
}

async function processed(
  answer: HttpAnswer,
  { origin, clientId }: Pick<TokenRequest, 'origin' | 'clientId'>,
): Promise<oauth.TokenEndpointResponse> {
  try {
    return await oauth.processClientCredentialsResponse(
      serverOf(origin),
      { client_id: clientId },
      responseOf(answer),
    );
  } catch (error) {
    const isTheirs =
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.UnsupportedOperationError;
    if (!isTheirs) throw error;
    // Its words are fixed and name what is missing; its cause has the body, so that stays here.
    throw unreadable(TOKEN_CALL, answer, error.message);
  }
}

/**
 * The library takes https only. What is called is `origin` in any case, which may be the simulator's
 * on the loopback address.
 */
function serverOf(origin: string): oauth.AuthorizationServer {
  const issuer = origin.replace(/^http:/, 'https:');
  return { issuer, token_endpoint: issuer + TOKEN_PATH };
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  const contentType = headers['content-type'];
  return new Response(body === '' ? null : body, {
    status,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
  });
}
