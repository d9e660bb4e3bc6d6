// Whether the org can be reached, and whether it is one: host, name, connection, org, clock.
import { fail, look, pass, skipped, warn, type Finding, type Look } from './check.js';
import { hostOf, orgOfAdminHost } from './okta-domain.js';
import type { OrgSighting, Sightings, TokenFault, TokenSighting } from './sightings.js';

const WARN_CLOCK_MS = 60_000;
const FAIL_CLOCK_MS = 5 * 60_000;

const COPY_DOMAIN =
  'Copy the domain from Okta, where it stands in the menu behind your name at the top right, and set it on the connection.';

export function reachLooks(seen: Sightings): Look[] {
  return [
    look('domain.host', 'Okta domain', hostFinding(seen)),
    look('dns', 'Host name', nameFinding(seen)),
    look('tls', 'Secure connection', connectionFinding(seen)),
    look('okta.org', 'Okta org', orgFinding(seen)),
    look('clock', 'Clock', clockFinding(seen)),
  ];
}

function hostFinding(seen: Sightings): Finding {
  const host = hostOf(seen.origin);
  const org = orgOfAdminHost(host);
  if (org !== null) {
    return fail(
      `${host} is Okta's admin console; programs are not answered there.`,
      `Set the connection's domain to ${org}.`,
    );
  }
  if (!seen.callable) {
    return fail(`${seen.origin} is no address that may be called over https.`, COPY_DOMAIN);
  }
  if (isRefusedFor('audience', seen.token)) {
    return fail(`Okta answers at ${host}, but knows this org by another host name.`, COPY_DOMAIN);
  }
  return pass(`${host} may be called.`);
}

function nameFinding({ name, org, origin }: Sightings): Finding | null {
  const host = hostOf(origin);
  if (leadsAstray(org)) {
    return fail(
      `${host} leads to an address that is not public, of this machine or of a private network. Such are not called.`,
      `${COPY_DOMAIN} If it is right, see what the worker's name server says of it.`,
    );
  }
  switch (name.kind) {
    case 'not-asked':
      return null;
    case 'literal':
      return pass(`${host} needs no name server.`);
    case 'found':
      return pass(`${host} has ${name.addresses === 1 ? 'an address' : 'addresses'}.`);
    case 'failed':
      return name.code === 'ENOTFOUND' || name.code === 'ENODATA'
        ? fail(
            `There is no host ${host} (${name.code}): the domain is mistyped, or the org is gone.`,
            COPY_DOMAIN,
          )
        : fail(
            `The worker's name server gave no answer about ${host} (${name.code}).`,
            'Let the worker look up names of the internet, then verify again.',
          );
  }
}

const TLS_CODE = /CERT|SSL|TLS|EPROTO|SIGNATURE/;

function connectionFinding({ org, origin }: Sightings): Finding | null {
  if (org.kind === 'not-asked' || leadsAstray(org)) return null;
  if (org.kind !== 'unreachable') {
    return origin.startsWith('http:')
      ? skipped('The simulator on this machine is called without encryption.')
      : pass('Encrypted, with a certificate of that host.');
  }
  const code = org.code ?? org.reason;
  return TLS_CODE.test(code)
    ? fail(
        `The certificate of ${hostOf(origin)} is not trusted (${code}): something on the way opens the connection, or the host is not Okta's.`,
        'Let the worker reach Okta without a proxy that opens encrypted connections, or name its certificate in NODE_EXTRA_CA_CERTS.',
      )
    : fail(
        `No answer came from ${hostOf(origin)} (${code}).`,
        'Let the worker call this host on port 443 (firewall, proxy), then verify again.',
      );
}

/** The Okta client has refused the address behind the name. */
export function leadsAstray(org: OrgSighting): boolean {
  return org.kind === 'unreachable' && org.reason === 'address';
}

function orgFinding({ org, origin }: Sightings): Finding | null {
  switch (org.kind) {
    case 'not-asked':
    case 'unreachable':
      return null;
    case 'org':
      return pass(
        `An Okta org answers: ${org.id}${org.cell === null ? '' : `, cell ${org.cell}`}.`,
      );
    case 'other':
      return org.status >= 500 || org.status === 429
        ? fail(
            `Okta answered ${org.status} instead of saying which org this is.`,
            'See status.okta.com, and verify again in some minutes.',
          )
        : fail(
            `${hostOf(origin)} answered ${org.status} instead of saying which Okta org it is: no org has this name, or the host is not Okta's.`,
            `${COPY_DOMAIN} A domain of your own stands under Customizations > Brands > your brand > Domains.`,
          );
  }
}

function clockFinding({ token, clockAheadMs }: Sightings): Finding | null {
  const fix = "Set the clock of the worker's machine by a time server (NTP).";
  if (isRefusedFor('clock', token)) {
    return fail(`Okta refuses the times that we sign. ${differenceOf(clockAheadMs)}`, fix);
  }
  if (clockAheadMs === null) return null;
  const apartMs = Math.abs(clockAheadMs);
  const said = differenceOf(clockAheadMs);
  if (apartMs <= WARN_CLOCK_MS) return pass(said);
  return apartMs <= FAIL_CLOCK_MS
    ? warn(`${said} Beyond five minutes deadlines are met at the wrong time.`, fix)
    : fail(`${said} Deadlines are met at the wrong time, and Okta may refuse us.`, fix);
}

function isRefusedFor(fault: TokenFault, token: TokenSighting): boolean {
  return token.kind === 'refused' && token.fault === fault;
}

function differenceOf(aheadMs: number | null): string {
  if (aheadMs === null) return 'By how much the clocks differ was not seen.';
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} minutes`;
  return `The clock of the worker's machine is ${apart} ${aheadMs > 0 ? 'behind' : 'ahead of'} Okta's.`;
}
