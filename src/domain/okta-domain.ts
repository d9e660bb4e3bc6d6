// The Okta domain as people paste it, and the one host name that it means. Which address the name
// resolves to is not judged here: the worker looks when it connects.

/** Okta's own, as its documentation and SDKs list them (API-FACTS 2); one label stands before them. */
const OKTA_SUFFIXES = [
  'okta.com',
  'oktapreview.com',
  'okta-emea.com',
  'okta-gov.com',
  'okta.mil',
  'okta-miltest.com',
  'trex-govcloud.com',
  'trexcloud.com',
];
const OKTA_HOST = new RegExp(
  `^[a-z0-9][a-z0-9-]*\\.(${OKTA_SUFFIXES.map((name) => name.replaceAll('.', '\\.')).join('|')})$`,
);

/** Names for use inside a network (RFC 6761, 6762, 8375; ICANN reserved `internal` in 2024). */
const INSIDE = /(^|\.)(localhost|local|internal|home\.arpa)$/;
const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?\/?$/i;
const PARTS = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)([/?#].*)?$/i;

export interface DomainRules {
  /** The org is reached under a domain of its owner's. */
  customDomain: boolean;
  /** The simulator's origin is taken, too (embedded mode). */
  loopbackAllowed: boolean;
}

export type ReadDomain =
  /** `corrections`: what was taken off or put right, a sentence each. */
  { ok: true; domain: string; corrections: string[] } | { ok: false; detail: string };

/** A bare host name in small letters, or the simulator's loopback origin. */
export function readOktaDomain(pasted: string, rules: DomainRules): ReadDomain {
  const text = pasted.trim();
  if (LOOPBACK.test(text)) return readLoopback(text, rules);
  const [, scheme, authority = '', rest] = PARTS.exec(text) ?? [];
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    return no('Give a host name like acme.okta.com, or its https address');
  }
  if (authority.includes('@')) return no('A user name or password has no place in a domain');
  const port = /:(\d*)$/.exec(authority)?.[1];
  if (port !== undefined && !isUsualPort(port, scheme)) {
    return no('Okta is called on port 443: leave the port out');
  }
  const host = normalised(authority.replace(/:\d*$/, ''));
  if (host === null) return no('This is no host name; one looks like acme.okta.com');
  const domain = orgOfAdminHost(host) ?? host;
  const refusal = refusalOf(domain, rules);
  if (refusal !== null) return no(refusal);
  const corrections = [
    ...said(scheme !== undefined, `${String(scheme).toLowerCase()}:// was taken off`),
    ...said(rest !== undefined, 'What stands after the host name was taken off'),
    ...said(port !== undefined, 'The port was taken off'),
    ...said(/[A-Z]/.test(authority), 'Capitals were made small'),
    ...said(authority.endsWith('.'), 'The dot at the end was taken off'),
    ...said(domain !== host, '-admin was taken off: that is the address of the admin console'),
    ...said(text !== pasted, 'Blanks around it were taken off'),
  ];
  return { ok: true, domain, corrections };
}

/** Whether Okta itself gave the domain; the simulator counts as such. */
export function isOktasOwn(domain: string): boolean {
  return LOOPBACK.test(domain) || OKTA_HOST.test(domain);
}

/** The org whose admin console `host` is; null for any other host. */
export function orgOfAdminHost(host: string): string | null {
  const org = /^([^.]+?)(?:-admin)+(\..+)$/.exec(host);
  return org === null || !OKTA_HOST.test(host) ? null : `${org[1] ?? ''}${org[2] ?? ''}`;
}

export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : origin;
}

function readLoopback(text: string, { loopbackAllowed }: DomainRules): ReadDomain {
  if (!loopbackAllowed) return no('This machine is no Okta org: give a host like acme.okta.com');
  if (!URL.canParse(text)) return no('This is no address that can be called');
  const domain = text.toLowerCase().replace(/\/$/, '');
  return {
    ok: true,
    domain,
    corrections: said(text.endsWith('/'), 'The slash at the end was taken off'),
  };
}

function isUsualPort(port: string, scheme = 'https'): boolean {
  return port === '' || port === '443' || (port === '80' && scheme.toLowerCase() === 'http');
}

/** As browsers read it, so that an IP address shows itself in whatever form; null where they cannot. */
function normalised(host: string): string | null {
  const bare = host.replace(/\.$/, '');
  if (bare === '' || /[\s%[\]:]/.test(bare) || !URL.canParse(`https://${bare}`)) return null;
  return new URL(`https://${bare}`).hostname;
}

function refusalOf(host: string, { customDomain }: DomainRules): string | null {
  if (/^[\d.]+$/.test(host)) return 'An IP address is no Okta domain';
  if (!host.includes('.')) return 'This is a single word; a domain looks like acme.okta.com';
  if (INSIDE.test(host)) return 'This is a name inside a network, where there is no Okta';
  if (OKTA_SUFFIXES.includes(host)) return 'The name of the org is missing, as in acme.okta.com';
  if (!HOST.test(host)) return 'This is no host name; one looks like acme.okta.com';
  if (customDomain || OKTA_HOST.test(host)) return null;
  return 'This is none of Okta’s own domains; where the org has a domain of yours, say customDomain: true';
}

function said(applies: boolean, sentence: string): string[] {
  return applies ? [sentence] : [];
}

function no(detail: string): ReadDomain {
  return { ok: false, detail };
}
