// An Okta org that Tenure may act in, as everybody but the Okta client sees it: no key in it.
import type { ConnectionId } from './brand.js';

/** A slug that is part of run ids and workflow ids. */
export const CONNECTION_ID = /^[a-z][a-z0-9-]{1,30}$/;

export const CONNECTION_STATUSES = ['unverified', 'ready', 'blocked'] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

export const OKTA_SCOPES = [
  'okta.users.read',
  'okta.users.manage',
  'okta.groups.read',
  'okta.groups.manage',
] as const;

export interface ConnectionSettings {
  /** IANA zone that applies to times given without one. */
  timeZone: string | null;
  /** ISO 8601 duration between suspension and the end of an offboarding. */
  undoWindow: string;
  onExisting: 'park' | 'adopt' | 'fail';
  whenNotSuspendable: 'park' | 'deactivate';
}

export const DEFAULT_SETTINGS: ConnectionSettings = {
  timeZone: null,
  undoWindow: 'P14D',
  onExisting: 'park',
  whenNotSuspendable: 'park',
};

/** Why a connection is blocked, in plain words. */
export interface ConnectionProblem {
  /** e.g. `OKTA_AUTH_FAILED`, `OKTA_SCOPE_MISSING`. */
  code: string;
  title: string;
  detail: string;
  since: string;
  /** The step that Okta does not permit; left out where it is the connection as a whole. */
  step?: string;
}

/** The key pair that is to replace the one that signs, once Okta takes it. */
export interface NextKey {
  kid: string;
  since: string;
  /** Why Okta did not take it when it was tried last; null before the first try. */
  problem: ConnectionProblem | null;
}

export interface Connection {
  id: ConnectionId;
  name: string | null;
  /** Bare host name, or the simulator's loopback origin in embedded mode. */
  domain: string;
  clientId: string;
  scopes: string[];
  settings: ConnectionSettings;
  status: ConnectionStatus;
  problem: ConnectionProblem | null;
  /** The public half of the key, as a JSON Web Key. */
  publicJwk: Record<string, unknown>;
  nextPublicJwk: Record<string, unknown> | null;
  nextKey: NextKey | null;
  createdAt: string;
}
