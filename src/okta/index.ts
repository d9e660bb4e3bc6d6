// The public face of the Okta client.
export {
  createOktaClient,
  type ObservedCall,
  type OktaClient,
  type OktaClientOptions,
} from './client.js';
export type { Answer, CallOptions, NewUser, OktaConnection, OktaGroupRule } from './connection.js';
export {
  OktaAuthFailedError,
  OktaError,
  OktaForbiddenError,
  OktaLoginTakenError,
  OktaNotFoundError,
  OktaRateLimitedError,
  OktaScopeMissingError,
  OktaTimeoutError,
  OktaUnavailableError,
  OktaUnexpectedResponseError,
  OktaValidationError,
  OktaWrongStatusError,
  type CallFacts,
  type FieldFault,
  type OktaErrorCode,
  type Outcome,
  type RateLimitKind,
} from './errors.js';
export {
  BUCKETS,
  type AccessToken,
  type Bucket,
  type CachedToken,
  type OktaCredentials,
  type RateGate,
  type RateSighting,
  type TokenCache,
} from './ports.js';
