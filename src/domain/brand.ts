// Identifiers that are easy to swap, kept apart by the compiler. At run time they are plain strings.
declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A slug, `[a-z][a-z0-9-]{1,30}`: one Okta org that Tenure may act in. */
export type ConnectionId = Branded<string, 'ConnectionId'>;
/** 16 hex digits: a person within one connection, without naming her. See `crypto/subject.ts`. */
export type SubjectRef = Branded<string, 'SubjectRef'>;
/** A UUIDv7 made by the API: one request. */
export type RequestId = Branded<string, 'RequestId'>;
/** `<connection>.<subjectRef>.<requestId>`: the life of one request. */
export type RunId = Branded<string, 'RunId'>;
/** `00u` and 17 base-62 characters. */
export type OktaUserId = Branded<string, 'OktaUserId'>;
/** `00g` and 17 base-62 characters. */
export type OktaGroupId = Branded<string, 'OktaGroupId'>;

/** The one place where a string is declared to be an identifier; the caller has checked it. */
export function as<T extends string>(value: string): T {
  return value as T;
}
