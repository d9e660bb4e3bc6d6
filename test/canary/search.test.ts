// That the search finds: every kind of canary, hidden in every way that these encoders know, in every
// kind of place. The encoders here share nothing with the search.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jwtCanary, keyCanary, person, personCanary, rsaKey, secretCanary } from './canaries.js';
import { searchFor } from './search.js';

const KEY = rsaKey('k');
const WHO = person('Xaviréllia', 'Qwistlethwaite');
const SECRET = `tnr_${randomBytes(32).toString('base64url')}`;
const JWT = `eyJhbGciOiJSUzI1NiJ9.e30.${randomBytes(256).toString('base64url')}`;
const REASON = 'Because of “Quicksilver”\n\\ & worse';
const CANARIES = [
  personCanary('she', WHO),
  { name: 'text: reason', values: [REASON] },
  keyCanary('pasted', KEY),
  jwtCanary('access', [JWT]),
  secretCanary('admin key', SECRET, 'utf8'),
];
const search = searchFor(CANARIES);

/** What to hide, and whose it is. */
const PLANTS: [string, string, string][] = [
  ['a name', 'person: she', WHO.lastName],
  ['a login', 'person: she', WHO.login],
  ['a login as it is compared', 'person: she', 'qwistlethwaite_xavirellia@kanarienvogel.example'],
  ['an address', 'person: she', WHO.email],
  ['a reason', 'text: reason', REASON],
  ['the d of a key', 'key: pasted', String(KEY.privateJwk.d)],
  ['the q of a key', 'key: pasted', String(KEY.privateJwk.q)],
  ['a PEM', 'key: pasted', KEY.pem],
  ['a PEM without its line breaks', 'key: pasted', KEY.pem.replaceAll('\n', '')],
  ['the middle of a PEM', 'key: pasted', KEY.pem.slice(800, 930)],
  ['an access token', 'token: access', JWT],
  ['the tail of a token that was cut', 'token: access', JWT.slice(-50)],
  ['an API key', 'secret: admin key', SECRET],
];

const WAYS: [string, (text: string) => string | Buffer][] = [
  ['plain', (text) => text],
  ['JSON', (text) => JSON.stringify({ text })],
  ['JSON in JSON', (text) => JSON.stringify({ body: JSON.stringify({ text }) })],
  ['JSON in ASCII', (text) => ascii(JSON.stringify({ text }))],
  ['JSON in ASCII in JSON', (text) => JSON.stringify([ascii(JSON.stringify({ text }))])],
  ['URL', (text) => new URL(`http://h/v1/people/${encodeURIComponent(text)}`).href],
  ['a query', (text) => new URLSearchParams({ login: text }).toString()],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['hex in capitals', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['base64 in a log', (text) => btoaOf(`x${text}`)],
  ['base64url', (text) => Buffer.from(`xy${text}z`).toString('base64url')],
  ['JSON in base64', (text) => btoaOf(JSON.stringify({ login: text }))],
  ['base64 in base64', (text) => btoaOf(btoaOf(text))],
  ['UTF-16', (text) => Buffer.from(text, 'utf16le')],
];

const PLACES: [string, (bytes: Buffer) => Buffer][] = [
  ['alone', (bytes) => bytes],
  ['a log line', (bytes) => around('{"event":"step","detail":"', bytes, '","ms":1}\n')],
  ['a page of a database', (bytes) => Buffer.concat([randomBytes(4_001), bytes, randomBytes(90)])],
  ['the end of a file', (bytes) => Buffer.concat([randomBytes(333), bytes])],
];

const ascii = (text: string) =>
  [...text.split('')]
    .map((char) => {
      const code = char.charCodeAt(0);
      return code < 128 ? char : `\\u${code.toString(16).padStart(4, '0')}`;
    })
    .join('');
const btoaOf = (text: string) => Buffer.from(text).toString('base64');
const around = (before: string, bytes: Buffer, after: string) =>
  Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);

describe('the search', () => {
  it.each(PLANTS)('finds %s, written in any way, in any place', (_, canary, plant) => {
    for (const [way, write] of WAYS) {
      for (const [place, put] of PLACES) {
        const bytes = put(Buffer.from(write(plant)));
        const found = search({ where: place, bytes }).map((hit) => hit.canary);
        expect(found, `${way} in ${place}`).toContain(canary);
      }
    }
  });

  it('finds the bytes of a key, too', () => {
    const d = Buffer.from(String(KEY.privateJwk.d), 'base64url');
    for (const bytes of [d, Buffer.from(d.toString('hex')), Buffer.from(d.toString('base64'))]) {
      expect(search({ where: 'here', bytes })[0]?.canary).toBe('key: pasted');
    }
  });

  it('finds nothing where there is nothing', () => {
    const publicParts = JSON.stringify(KEY.publicJwk) + KEY.pem.slice(0, 300);
    const near = WHO.lastName.replace('Q', 'K') + SECRET.slice(0, 11);
    for (const bytes of [randomBytes(1 << 22), Buffer.from(publicParts), Buffer.from(near)]) {
      expect(search({ where: 'here', bytes })).toEqual([]);
    }
  });

  it('refuses to look for what turns up by chance', () => {
    expect(() => searchFor([{ name: 'Bo', values: ['Bo'] }])).toThrow('too short');
  });
});
