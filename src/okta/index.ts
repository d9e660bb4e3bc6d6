// The public face of the Okta client.
export {
  createOktaClient,
  type Inspector,
  type ObservedCall,
  type OktaClient,
  type OktaClientOptions,
} from './client.js';
export type { Answer, OktaConnection } from './connection.js';
export { OktaError, withoutRequestId } from './errors.js';
export { orAbort, pause } from './waiting.js';
export type { CachedToken, OktaCredentials, RateGate, RateSighting, TokenCache } from './ports.js';
