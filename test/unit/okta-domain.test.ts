import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOktasOwn, readOktaDomain } from '../../src/domain/okta-domain.js';

const STRICT = { customDomain: false, loopbackAllowed: false };
const CUSTOM = { customDomain: true, loopbackAllowed: false };
const EMBEDDED = { customDomain: false, loopbackAllowed: true };

describe('a pasted Okta domain', () => {
  it.each([
    ['acme.okta.com', 'acme.okta.com', []],
    ['integrator-1234567.okta.com', 'integrator-1234567.okta.com', []],
    ['https://acme.okta.com', 'acme.okta.com', [/https:\/\/ was taken off/]],
    ['http://acme.okta.com:80', 'acme.okta.com', [/http:\/\//, /port/]],
    ['HTTPS://Acme.Okta.com', 'acme.okta.com', [/https:\/\//, /Capitals/]],
    ['acme.okta.com/', 'acme.okta.com', [/after the host name/]],
    ['acme.okta.com/app/UserHome?x=1#y', 'acme.okta.com', [/after the host name/]],
    ['acme.okta.com:443', 'acme.okta.com', [/port/]],
    ['acme.okta.com.', 'acme.okta.com', [/dot/]],
    ['  acme.okta.com\n', 'acme.okta.com', [/Blanks/]],
    ['acme-admin.okta.com', 'acme.okta.com', [/-admin/]],
    ['acme-admin-admin.okta.com', 'acme.okta.com', [/-admin/]],
    [
      ' https://Acme-Admin.oktapreview.com:443/admin/dashboard ',
      'acme.oktapreview.com',
      [/https/, /after/, /port/, /Capitals/, /-admin/, /Blanks/],
    ],
    ['acme-admin-2.okta.com', 'acme-admin-2.okta.com', []],
  ])('%j means %s, and what was corrected is said', (pasted, domain, corrections) => {
    const read = readOktaDomain(pasted, STRICT);
    expect(read).toEqual({
      ok: true,
      domain,
      corrections: corrections.map((form) => expect.stringMatching(form) as string),
    });
  });

  it.each([
    'okta.com',
    'oktapreview.com',
    'okta-emea.com',
    'okta-gov.com',
    'okta.mil',
    'okta-miltest.com',
    'trex-govcloud.com',
  ])('may end in %s, which alone names no org', (suffix) => {
    expect(readOktaDomain(`acme.${suffix}`, STRICT)).toMatchObject({ domain: `acme.${suffix}` });
    expect(isOktasOwn(`acme.${suffix}`)).toBe(true);
    expect(readOktaDomain(suffix, CUSTOM)).toMatchObject({ ok: false });
  });

  it.each([
    'login.acme.example',
    'https://login.acme.example/',
    'acme.okta.com.evil.example',
    'acmeokta.com',
    'a.b.okta.com',
    'login-admin.acme.example',
  ])('that is not Okta’s own needs a word: %s', (pasted) => {
    expect(readOktaDomain(pasted, STRICT)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('customDomain') as string,
    });
    expect(readOktaDomain(pasted, CUSTOM)).toMatchObject({ ok: true });
  });

  it('keeps -admin in a domain of one’s own', () => {
    const read = readOktaDomain('login-admin.acme.example', CUSTOM);
    expect(read).toMatchObject({ domain: 'login-admin.acme.example', corrections: [] });
    expect(isOktasOwn('login-admin.acme.example')).toBe(false);
  });

  it.each([
    '',
    ' ',
    'acme',
    '127.0.0.1',
    'http://127.0.0.1',
    'https://127.0.0.1:8090',
    '169.254.169.254',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    'https://[fd00::1]/',
    '::1',
    'localhost',
    'foo.localhost',
    'okta.local',
    'acme.internal',
    'metadata.google.internal',
    'router.home.arpa',
    'ftp://acme.okta.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'acme.okta.com:8443',
    'user:password@acme.okta.com',
    'acme.okta.com@evil.example',
    'acme okta.com',
    'acme..okta.com',
    '-acme.example.com',
    'acme.okta.com\\@evil.example',
    'acme%2eokta.com',
    `${'a'.repeat(64)}.example.com`,
    `${'abc.'.repeat(70)}com`,
  ])('is refused although it may be a custom one: %j', (pasted) => {
    expect(readOktaDomain(pasted, CUSTOM)).toMatchObject({ ok: false });
  });

  it.each(['http://127.0.0.1:8090', 'http://localhost:8090/', 'http://[::1]:8090'])(
    'may be the simulator in embedded mode, and only there: %s',
    (origin) => {
      const read = readOktaDomain(origin, EMBEDDED);
      expect(read).toMatchObject({ ok: true, domain: origin.replace(/\/$/, '') });
      expect(readOktaDomain(origin, CUSTOM)).toMatchObject({ ok: false });
      expect(readOktaDomain('http://127.0.0.1:99999', EMBEDDED)).toMatchObject({ ok: false });
    },
  );

  it('means the same when what came of it is pasted again', () => {
    const junk = fc.string({ unit: 'grapheme', maxLength: 8 });
    const parts = fc.constantFrom(
      'https://',
      'acme',
      '-admin',
      '.okta.com',
      '.example.com',
      ':443',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, junk), { maxLength: 6 }), (pieces) => {
        const read = readOktaDomain(pieces.join(''), CUSTOM);
        if (!read.ok) return;
        expect(read.domain).toMatch(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/);
        expect(new URL(`https://${read.domain}`).hostname).toBe(read.domain);
        expect(readOktaDomain(read.domain, CUSTOM)).toEqual({ ...read, corrections: [] });
      }),
      { numRuns: 2_000 },
    );
  });
});
