// Logins as Okta compares them, and what is no login although it stands where one is asked for. Pure.

/**
 * A login as Okta compares it: NFKD, marks stripped, lower case (API-FACTS 4.1: the comparison ignores
 * case and diacritics). `Ádà@X.com` and `ada@x.com` are one. The subject refs of all runs are made of
 * this: with another fold, everybody would be somebody else.
 */
export function foldLogin(login: string): string {
  return login.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Whether Okta takes both for the same login. */
export function sameLogin(a: string, b: string): boolean {
  return foldLogin(a) === foldLogin(b);
}

/** An Okta user id: `00u` and 17 characters of base 62. Okta's calls take it in place of a login. */
const OKTA_USER_ID = /^00u[0-9A-Za-z]{17}$/;

/**
 * Whether the text looks like the id of an Okta account. A run would then be known by the id and by the
 * login, as two people; so an id is refused wherever a login is asked for.
 */
export function looksLikeOktaId(text: string): boolean {
  return OKTA_USER_ID.test(text);
}
