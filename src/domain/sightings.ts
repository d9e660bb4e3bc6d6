// What an inspection of an Okta org has seen: facts only, as the Okta client collects them. What they
// mean, and what mends them, is decided in `checks.ts`. Nothing in here names a person or holds a secret.
import type { Permission } from './admin-role.js';

export interface Sightings {
  /** As stored: `https://acme.okta.com`. */
  origin: string;
  /** Whether it has the form of an address that may be called at all. */
  callable: boolean;
  /** The scopes that the connection asks for. */
  scopes: string[];
  /** The id of its key; null where it has none. */
  kid: string | null;
  name: NameSighting;
  org: OrgSighting;
  /** Okta's clock minus ours, in milliseconds; null where no answer carried a `Date`. */
  clockAheadMs: number | null;
  token: TokenSighting;
  reads: Reads;
  /** Null where nothing was probed. */
  probes: Partial<Record<Permission, Reply>> | null;
  /** By bucket (`BUCKETS` of the Okta client), as the answers said it. */
  limits: Partial<Record<string, { limit: number; remaining: number }>>;
}

interface NotAsked {
  kind: 'not-asked';
}

/** What the resolver said of the host name. */
export type NameSighting =
  | NotAsked
  | { kind: 'found'; addresses: number }
  /** The host is an address already. */
  | { kind: 'literal' }
  /** `ENOTFOUND`, `EAI_AGAIN`, … */
  | { kind: 'failed'; code: string };

/** What `GET /.well-known/okta-organization` brought. */
export type OrgSighting =
  | NotAsked
  | { kind: 'org'; id: string; cell: string | null }
  | { kind: 'other'; status: number }
  /** No answer: `reason` as the exchange names it, `code` of the network where there is one. */
  | { kind: 'unreachable'; reason: string; code: string | null };

export type TokenSighting =
  | NotAsked
  | { kind: 'granted'; scopes: string[]; bound: boolean }
  /** `error`: OAuth's code. */
  | { kind: 'refused'; error: string | null; fault: TokenFault; status: number }
  /** The key that is stored here cannot sign. */
  | { kind: 'unusable'; hint: string }
  /** An outage, a limit, or an answer that makes no sense: it says nothing of the set-up. */
  | { kind: 'no-answer'; detail: string };

/** What a refusal of the token endpoint says of the set-up. */
export type TokenFault =
  /** No such client id. */
  | 'client'
  /** Okta does not say which of client and credentials it is. */
  | 'client-or-credentials'
  | 'auth-method'
  | 'kid'
  | 'signature'
  | 'no-keys'
  | 'jwks-uri'
  | 'clock'
  | 'audience'
  /** None of the scopes is granted. */
  | 'no-scope'
  /** One of the scopes is none. */
  | 'scope-unknown'
  | 'dpop'
  | 'app-type'
  | 'network-zone';

/** How Okta took a call. */
export interface Reply {
  kind:
    | 'not-asked'
    /** With something in it. */
    | 'done'
    | 'empty'
    /** 403: the role. */
    | 'forbidden'
    /** 403 with `insufficient_scope`. */
    | 'scope-missing'
    /** 404 in Okta's own words. */
    | 'absent'
    /** 400: refused for what it says, so not for who says it. */
    | 'invalid'
    /** An outage, a limit, or an answer that makes no sense. */
    | 'no-answer';
  /** What the client says of it, for people. */
  detail: string | null;
}

/** GETs. The last three are asked only where the lists leave something open. */
export interface Reads {
  users: Reply;
  groups: Reply;
  /** A user id that cannot be. */
  impossibleUser: Reply;
  /** A group id that cannot be. */
  impossibleGroup: Reply;
  /** Somebody who was seen among the members of a group. */
  member: Reply;
}

export const NOT_ASKED: NotAsked & { detail: null } = { kind: 'not-asked', detail: null };
