// Whether the app in Okta gives us a token, and which scopes it comes with. Where Okta's words fit
// several faults, all of them are named.
import { fail, look, pass, skipped, warn, type CheckId, type Finding, type Look } from './check.js';
import { OKTA_SCOPES } from './connection.js';
import type { Sightings, TokenFault, TokenSighting } from './sightings.js';

const APP = 'Applications > Applications > your app';
const CREDENTIALS = `${APP} > General > Client Credentials > Edit`;
const SAVE_KEY = `${CREDENTIALS} > Public key / Private key > Add key: paste the connection's publicJwk, Save; and see that its status is ACTIVE.`;
const SAME_CLIENT = `Copy the Client ID from ${APP} > General to the connection.`;

/** The four of the app in the order in which Okta judges them. */
type AppId = Extract<CheckId, `app.${string}`>;
const APP_CHECKS: readonly (readonly [AppId, title: string])[] = [
  ['app.client', 'Client ID'],
  ['app.auth-method', 'Client authentication'],
  ['app.key', 'Key'],
  ['app.dpop', 'DPoP'],
];
const PASSED: Readonly<Record<AppId, string>> = {
  'app.client': 'Okta knows the app, and it is active.',
  'app.auth-method': 'The app takes "Public key / Private key".',
  'app.key': 'Okta knows the key that signed.',
  'app.dpop': 'The app does not ask for DPoP.',
};

export function appLooks({ token, kid }: Sightings): Look[] {
  const stop = stopOf(token, kid);
  const at = APP_CHECKS.findIndex(([id]) => id === stop?.at);
  return APP_CHECKS.map(([id, title], index) => {
    if (token.kind === 'granted') {
      const isBound = id === 'app.dpop' && token.bound;
      return look(id, title, pass(isBound ? 'The app asks for DPoP, and gets it.' : PASSED[id]));
    }
    if (stop === null) return look(id, title, null);
    if (index === at) return look(id, title, stop.finding);
    return look(id, title, stop.proven.includes(id) ? pass(PASSED[id]) : null);
  });
}

/** Where the way to a token ended. `at` is null where another check names it. */
interface Stop {
  at: AppId | null;
  finding: Finding | null;
  proven: readonly AppId[];
}

function stopOf(token: TokenSighting, kid: string | null): Stop | null {
  switch (token.kind) {
    case 'not-asked':
    case 'granted':
      return null;
    case 'unusable':
      return {
        at: 'app.key',
        finding: fail(token.hint, 'Give the connection a key: RSA with 2,048 bits, or EC.'),
        proven: [],
      };
    case 'no-answer':
      return {
        at: 'app.client',
        finding: fail(`Okta gave no token for now. ${token.detail}`, 'Verify again in a minute.'),
        proven: [],
      };
    case 'refused':
      return STOPS[token.fault](token, kid);
  }
}

type Refused = Extract<TokenSighting, { kind: 'refused' }>;
const stop =
  (at: AppId, proven: readonly AppId[], detail: string, fix: string) =>
  ({ error, status }: Refused): Stop => ({
    at,
    finding: fail(`${detail} (Okta: ${status} ${error ?? 'without a code'})`, fix),
    proven,
  });
const elsewhere = (proven: readonly AppId[]) => (): Stop => ({ at: null, finding: null, proven });

const CLIENT: readonly AppId[] = ['app.client'];
const METHOD: readonly AppId[] = ['app.client', 'app.auth-method'];
const KEY: readonly AppId[] = ['app.client', 'app.auth-method', 'app.key'];

const STOPS: Readonly<Record<TokenFault, (token: Refused, kid: string | null) => Stop>> = {
  client: stop('app.client', [], 'No app of this org has the Client ID.', SAME_CLIENT),
  'client-or-credentials': stop(
    'app.client',
    [],
    'Okta refuses the app and does not say why: it may be inactive, not of the type "API Services", set to client authentication by a secret, or the Client ID or the key may be another one.',
    `${APP}: see that it is Active. Then ${CREDENTIALS}: Public key / Private key, with the connection's publicJwk. ${SAME_CLIENT}`,
  ),
  'app-type': stop(
    'app.client',
    [],
    'The app may not ask for tokens by itself: it is not of the type "API Services".',
    'Applications > Applications > Create App Integration > API Services, then give the connection its Client ID.',
  ),
  'network-zone': stop(
    'app.client',
    [],
    "The app may not be used from the address of the worker's machine.",
    `Security > Networks: add the worker's address to the zone that ${APP} > General allows, or allow any IP there.`,
  ),
  'auth-method': stop(
    'app.auth-method',
    CLIENT,
    'The app is set to another client authentication, such as a client secret.',
    `${CREDENTIALS} > Client authentication: Public key / Private key, then add the connection's publicJwk.`,
  ),
  kid: (token, kid) =>
    stop(
      'app.key',
      METHOD,
      `The app has no active key with the id ${kid ?? '(the connection gives none)'}.`,
      SAVE_KEY,
    )(token),
  signature: (token, kid) =>
    stop(
      'app.key',
      METHOD,
      `The app has another key under the id ${kid ?? '(none)'}: the signature does not fit it.`,
      SAVE_KEY,
    )(token),
  'no-keys': stop('app.key', METHOD, 'The app has no key at all.', SAVE_KEY),
  'jwks-uri': stop(
    'app.key',
    METHOD,
    'Okta cannot fetch the keys from the URL that is set on the app, or does not find our key there.',
    `${CREDENTIALS} > Use a URL to fetch keys dynamically: a URL that Okta can reach over https, such as the connection's jwksUrl; or save the key in Okta instead.`,
  ),
  dpop: stop(
    'app.dpop',
    METHOD,
    'The app asks for DPoP, and Okta does not take the proofs that Tenure sends.',
    `See that no proxy drops the header "DPoP"; else ${APP} > General > General Settings > Edit: clear "Require Demonstrating Proof of Possession (DPoP) header in token requests".`,
  ),
  clock: elsewhere(METHOD),
  audience: elsewhere([]),
  'no-scope': elsewhere(KEY),
  'scope-unknown': elsewhere(KEY),
};

/** All that are asked for, and all that Tenure works with. */
export function scopeLooks({ token, scopes }: Sightings): Look[] {
  const names = [...new Set<string>([...OKTA_SCOPES, ...scopes])];
  return names.map((name) =>
    look(`scope.${name}`, `Scope ${name}`, scopeFinding(name, token, scopes)),
  );
}

const isNeeded = (name: string): boolean => OKTA_SCOPES.some((scope) => scope === name);

function scopeFinding(
  name: string,
  token: TokenSighting,
  asked: readonly string[],
): Finding | null {
  if (!asked.includes(name)) {
    return fail(
      'The connection does not ask for it, and Tenure cannot work without.',
      `Add ${name} to the scopes of the connection.`,
    );
  }
  const fault = token.kind === 'refused' ? token.fault : null;
  if (fault === 'no-scope') return notGranted(name, 'Okta granted the app none of its scopes.');
  if (fault === 'scope-unknown') {
    const isSuspect = !isNeeded(name) || asked.every(isNeeded);
    return isSuspect
      ? fail(
          'Okta says that one of the scopes asked for is none of its own.',
          `See how ${name} is written under ${APP} > Okta API Scopes, and correct the scopes of the connection.`,
        )
      : skipped('Not known: Okta refused another scope that was asked for together with it.');
  }
  if (token.kind !== 'granted') return null;
  if (token.scopes.includes(name)) return pass('Granted.');
  return notGranted(name, 'Asked for, and left out by Okta without a word.');
}

function notGranted(name: string, detail: string): Finding {
  const fix = `${APP} > Okta API Scopes > ${name} > Grant (a super administrator may).`;
  return isNeeded(name) ? fail(detail, fix) : warn(`${detail} Tenure does not need it.`, fix);
}
