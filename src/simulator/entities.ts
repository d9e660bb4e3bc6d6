/**
 * What an org consists of. Values are immutable: a change is a new object put into the state.
 * These are our records, not Okta's wire form, which `user-views.ts` and `group-views.ts` make of them.
 */
import type { JWK } from 'jose';
import type { OrgSettings } from './settings.js';

export const USER_STATUSES = [
  'STAGED',
  'PROVISIONED',
  'ACTIVE',
  'RECOVERY',
  'LOCKED_OUT',
  'PASSWORD_EXPIRED',
  'SUSPENDED',
  'DEPROVISIONED',
] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

export const GROUP_TYPES = ['OKTA_GROUP', 'APP_GROUP', 'BUILT_IN'] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

export type Profile = Readonly<Record<string, unknown>>;

/** Something that happened to a user; `at` is an instant in milliseconds, ISO 8601. */
export interface Change {
  readonly at: string;
  readonly what: string;
}

/** Timestamps are in Okta's form, `2026-01-31T12:00:00.000Z`, whole seconds. */
export interface User {
  readonly id: string;
  readonly status: UserStatus;
  /** Where `unsuspend` leads back to; only while SUSPENDED. */
  readonly statusBefore?: UserStatus;
  readonly created: string;
  readonly activated: string | null;
  readonly statusChanged: string | null;
  readonly lastLogin: string | null;
  readonly lastUpdated: string;
  readonly passwordChanged: string | null;
  readonly hasPassword: boolean;
  /** Created with the hash of a password instead of one. */
  readonly hasImportedPassword?: boolean;
  readonly recoveryQuestion?: string;
  readonly profile: Profile;
  /** Group id → how the user came in: by hand, or the id of the rule that did it. */
  readonly groups: Readonly<Record<string, string>>;
  readonly sessions: number;
  /** Counts writes; makes the `etag`. */
  readonly version: number;
  readonly changes: readonly Change[];
}

/** Membership by hand or by API, as against one made by a rule. */
export const DIRECT = 'direct';

export interface Group {
  readonly id: string;
  readonly type: GroupType;
  readonly created: string;
  readonly lastUpdated: string;
  readonly lastMembershipUpdated: string;
  readonly profile: Profile;
  /** The built-in group whose members are all users. */
  readonly everyone?: true;
}

export interface GroupRule {
  readonly id: string;
  readonly status: 'ACTIVE' | 'INACTIVE' | 'INVALID';
  readonly name: string;
  readonly created: string;
  readonly lastUpdated: string;
  readonly expression: string;
  readonly groupIds: readonly string[];
  /** Users that the rule leaves alone. */
  readonly excludedUsers: readonly string[];
}

export interface AdminRole {
  readonly permissions: 'all' | readonly string[];
  readonly resourceSet: ResourceSet;
}

interface ResourceSet {
  /** User ids, or group ids that stand for the users in them. */
  readonly users: 'all' | readonly string[];
  readonly groups: 'all' | readonly string[];
}

/** An API Services app. */
export type App = AppFacts & AppKeys;

interface AppFacts {
  readonly clientId: string;
  readonly authMethod: 'private_key_jwt' | 'client_secret';
  readonly grantedScopes: readonly string[];
  /** Whether tokens are issued against a DPoP proof only. */
  readonly dpop: boolean;
  readonly roles: readonly AdminRole[];
  readonly status: 'ACTIVE' | 'INACTIVE';
}

/** Public keys stored with the app, or the URL where they are fetched. */
export type AppKeys =
  | { readonly jwks: { readonly keys: readonly JWK[] }; readonly jwksUri?: undefined }
  | { readonly jwksUri: string; readonly jwks?: undefined };

/** The org itself: one record, made once. */
export interface OrgRecord {
  readonly id: string;
  readonly idSuffix: string;
  readonly userTypeId: string;
  readonly schemaId: string;
  /** Private key that signs access tokens, with its `kid`. */
  readonly signingKey: JWK;
  readonly settings: OrgSettings;
}

/** One more org, started through the control surface, to be started again with this one. */
interface SisterOrg {
  readonly port: number;
}

export interface Entities {
  org: OrgRecord;
  user: User;
  group: Group;
  rule: GroupRule;
  app: App;
  sister: SisterOrg;
}
export type Kind = keyof Entities;
