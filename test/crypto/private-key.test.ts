import { createPublicKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  generatePrivateKey,
  readPrivateKey,
  type PastedKey,
} from '../../src/crypto/private-key.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const p256 = ec('P-256');

const pem = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString();
const jwk = (key: KeyObject) => key.export({ format: 'jwk' }) as Record<string, unknown>;
const json = (value: unknown) => JSON.stringify(value);
const publicPem = createPublicKey(rsa).export({ type: 'spki', format: 'pem' }).toString();
const block = (label: string) =>
  `-----BEGIN ${label}-----\n${Buffer.alloc(300, 7).toString('base64')}\n-----END ${label}-----\n`;

async function read(text: string, more: Omit<PastedKey, 'text'> = {}) {
  const found = await readPrivateKey({ text, ...more });
  if (!found.ok) throw new Error(`${found.fault}: ${found.detail}`);
  return found;
}

async function refusal(text: string, more: Omit<PastedKey, 'text'> = {}) {
  const found = await readPrivateKey({ text, ...more });
  return found.ok ? 'taken' : found.fault;
}

/** Signs with what was kept, verifies with its public members. */
async function expectToSign({ privateJwk }: { privateJwk: Record<string, unknown> }) {
  const { alg } = privateJwk as { alg: string };
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...half } = privateJwk;
  const token = await new SignJWT({ sub: 'x' })
    .setProtectedHeader({ alg })
    .sign(await importJWK(privateJwk as JWK, alg));
  expect((await jwtVerify(token, await importJWK(half as JWK, alg))).payload.sub).toBe('x');
}

describe('a private key', () => {
  it.each<[string, KeyObject, string, string]>([
    ['RSA as PKCS#8', rsa, pem(rsa), 'RS256'],
    ['RSA as PKCS#1', rsa, pem(rsa, 'pkcs1'), 'RS256'],
    ['RSA as a JSON Web Key', rsa, json(jwk(rsa)), 'RS256'],
    ['EC as PKCS#8', p256, pem(p256), 'ES256'],
    ['EC as SEC1', p256, pem(p256, 'sec1'), 'ES256'],
    ['EC as a JSON Web Key', p256, json(jwk(p256)), 'ES256'],
    ['in a key set of one', rsa, json({ keys: [jwk(rsa)] }), 'RS256'],
    [
      'after the parameters of its curve',
      p256,
      block('EC PARAMETERS') + pem(p256, 'sec1'),
      'ES256',
    ],
    ['beside its certificate', rsa, block('CERTIFICATE') + pem(rsa) + publicPem, 'RS256'],
    ['with line breaks as \\n', rsa, pem(rsa).replaceAll('\n', '\\n'), 'RS256'],
    ['in quotes', rsa, `"${pem(rsa).replaceAll('\n', '\\n')}"`, 'RS256'],
    ['with line breaks of Windows', rsa, pem(rsa).replaceAll('\n', '\r\n'), 'RS256'],
    ['in one line', rsa, pem(rsa).replaceAll('\n', ' '), 'RS256'],
    ['with blanks around it', rsa, `\uFEFF\n  ${pem(rsa)}\n\n`, 'RS256'],
  ])('is read: %s', async (_name, key, text, alg) => {
    const found = await read(text);
    const kid = await calculateJwkThumbprint(jwk(key));
    expect(found).toEqual({
      ok: true,
      privateJwk: { ...jwk(key), kid, alg, use: 'sig' },
      isKidAssumed: true,
    });
    await expectToSign(found);
  });

  it.each<[string, string]>([
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ])('on %s signs with %s', async (curve, alg) => {
    const found = await read(pem(ec(curve)));
    expect(found.privateJwk).toMatchObject({ alg });
    await expectToSign(found);
  });

  it('keeps the kid and alg that it says, and no member that is no part of it', async () => {
    const said = { ...jwk(rsa), kid: 'okta-1', alg: 'RS512', use: 'sig', ext: true, x5c: ['x'] };
    const found = await read(json(said));
    expect(found.isKidAssumed).toBe(false);
    expect(found.privateJwk).toEqual({ ...jwk(rsa), kid: 'okta-1', alg: 'RS512', use: 'sig' });
    await expectToSign(found);
  });

  it('takes its kid from whoever knows it', async () => {
    expect((await read(pem(rsa), { kid: 'shown' })).privateJwk).toMatchObject({ kid: 'shown' });
    const publicJwk = { ...jwk(createPublicKey(rsa)), kid: 'okta-2' };
    const found = await read(pem(rsa), { publicJwk });
    expect(found).toMatchObject({ isKidAssumed: false, privateJwk: { kid: 'okta-2' } });
  });

  it.each(['RS256', 'ES256'] as const)('is made for %s', async (alg) => {
    const made = await generatePrivateKey(alg);
    const found = await read(json(made));
    expect(found).toEqual({ ok: true, privateJwk: made, isKidAssumed: false });
    expect(made['kid']).toBe(await calculateJwkThumbprint(made as JWK));
    await expectToSign(found);
  });
});

describe('what is no usable private key', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const x25519 = generateKeyPairSync('x25519').privateKey;
  const secp256k1 = ec('secp256k1');
  const encrypted = rsa
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const encryptedPkcs1 = rsa
    .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const lines = pem(rsa).trim().split('\n');
  const without = (member: string) => {
    const { [member]: _left, ...rest } = jwk(rsa);
    return json(rest);
  };
  const halves = (left: KeyObject, right: KeyObject, members: string[]) =>
    json({ ...jwk(left), ...Object.fromEntries(members.map((name) => [name, jwk(right)[name]])) });
  const secret = randomBytes(48).toString('base64url');

  const cases: [string, string, string][] = [
    ['nothing', ' \n', 'KEY_EMPTY'],
    ['an empty key set', json({ keys: [] }), 'KEY_EMPTY'],
    ['words', 'hello there', 'KEY_UNKNOWN'],
    ['JSON of something else', '{"a":1}', 'KEY_UNKNOWN'],
    ['PGP', block('PGP MESSAGE'), 'KEY_UNKNOWN'],
    ['a PEM without its end', lines.slice(0, -1).join('\n'), 'KEY_TRUNCATED'],
    ['a PEM without its beginning', lines.slice(1).join('\n'), 'KEY_TRUNCATED'],
    ['a PEM without either', lines.slice(1, -1).join('\n'), 'KEY_TRUNCATED'],
    ['a PEM without a line', lines.toSpliced(9, 1).join('\n'), 'KEY_TRUNCATED'],
    ['half a BEGIN line', '-----BEGIN RSA PRIV', 'KEY_TRUNCATED'],
    ['a JSON Web Key without its end', json(jwk(rsa)).slice(0, -40), 'KEY_TRUNCATED'],
    ['a JSON Web Key without its beginning', json(jwk(rsa)).slice(1), 'KEY_TRUNCATED'],
    ['a PEM with letters of another alphabet', pem(rsa).replace('MII', 'МII'), 'KEY_DAMAGED'],
    ['a PEM of noise', block('PRIVATE KEY'), 'KEY_DAMAGED'],
    ['an encrypted PKCS#8', encrypted, 'KEY_ENCRYPTED'],
    ['an encrypted PKCS#1', encryptedPkcs1, 'KEY_ENCRYPTED'],
    ['a public PEM', publicPem, 'KEY_PUBLIC'],
    ['a public JSON Web Key', json(jwk(createPublicKey(rsa))), 'KEY_PUBLIC'],
    ['a symmetric key', json({ kty: 'oct', k: secret }), 'KEY_SYMMETRIC'],
    ['a client secret', secret, 'KEY_CLIENT_SECRET'],
    ['a client id', '0oa1b2c3d4e5f6g7h8i9', 'KEY_CLIENT_ID'],
    ['an API token', `00${randomBytes(30).toString('base64url')}`, 'KEY_TOKEN'],
    ['a JSON Web Token', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl', 'KEY_TOKEN'],
    ['a file name', '/home/ada/okta-private.pem', 'KEY_FILE_NAME'],
    ['a certificate', block('CERTIFICATE'), 'KEY_CERTIFICATE'],
    ['a request for one', block('CERTIFICATE REQUEST'), 'KEY_CERTIFICATE'],
    ['a private SSH key', block('OPENSSH PRIVATE KEY'), 'KEY_SSH'],
    ['a public SSH key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ada@laptop', 'KEY_SSH'],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none', 'KEY_SSH'],
    ['two PEMs', pem(rsa) + pem(p256), 'KEY_SEVERAL'],
    ['a key set of two', json({ keys: [jwk(rsa), jwk(p256)] }), 'KEY_SEVERAL'],
    ['Ed25519', pem(ed25519), 'KEY_TYPE'],
    ['Ed25519 as a JSON Web Key', json(jwk(ed25519)), 'KEY_TYPE'],
    ['X25519', pem(x25519), 'KEY_TYPE'],
    ['RSA-PSS', pem(pss), 'KEY_TYPE'],
    ['DSA', block('DSA PRIVATE KEY'), 'KEY_TYPE'],
    ['another curve', pem(secp256k1), 'KEY_TYPE'],
    ['another curve as a JSON Web Key', json(jwk(secp256k1)), 'KEY_TYPE'],
    ['RSA for PS256', json({ ...jwk(rsa), alg: 'PS256' }), 'KEY_ALGORITHM'],
    ['RSA for ES256', json({ ...jwk(rsa), alg: 'ES256' }), 'KEY_ALGORITHM'],
    ['P-256 for ES384', json({ ...jwk(p256), alg: 'ES384' }), 'KEY_ALGORITHM'],
    ['RSA for encryption', json({ ...jwk(rsa), use: 'enc' }), 'KEY_ALGORITHM'],
    ['1024 bits', pem(weak), 'KEY_WEAK'],
    ['1024 bits as a JSON Web Key', json(jwk(weak)), 'KEY_WEAK'],
    ['an RSA key without d', without('d'), 'KEY_PUBLIC'],
    ['an RSA key without its primes', without('p'), 'KEY_INCOMPLETE'],
    ['a d that is a number', json({ ...jwk(rsa), d: 7 }), 'KEY_INCOMPLETE'],
    ['a d of another RSA key', halves(rsa, otherRsa, ['d']), 'KEY_MISMATCH'],
    ['an n of another RSA key', halves(rsa, otherRsa, ['n']), 'KEY_MISMATCH'],
    ['a d of another EC key', halves(p256, ec('P-256'), ['d']), 'KEY_MISMATCH'],
    ['a point of another EC key', halves(p256, ec('P-256'), ['x', 'y']), 'KEY_MISMATCH'],
    ['a kid that is no text', json({ ...jwk(rsa), kid: 7 }), 'KEY_ID'],
  ];

  it.each(cases)('is refused by what it looks like: %s', async (_name, text, fault) => {
    expect(await refusal(text)).toBe(fault);
  });

  it('is a private key that does not belong to the public one', async () => {
    const publicJwk = jwk(createPublicKey(otherRsa));
    expect(await refusal(pem(rsa), { publicJwk })).toBe('KEY_MISMATCH');
    expect(await refusal(pem(p256), { publicJwk })).toBe('KEY_MISMATCH');
  });

  it('is an RSA key with any one member of another', async () => {
    for (const member of ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi']) {
      const wrong = member === 'e' ? { e: 'Aw' } : { [member]: jwk(otherRsa)[member] };
      expect([member, await refusal(json({ ...jwk(rsa), ...wrong }))]).toEqual([
        member,
        'KEY_MISMATCH',
      ]);
    }
  });

  it('is never repeated in the refusal, however it was cut', async () => {
    const texts = cases.map(([, text]) => text).filter((text) => text.length > 100);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(pem(rsa), pem(p256, 'sec1'), json(jwk(rsa)), ...texts),
        fc.double({ min: 0, max: 0.97, noNaN: true }),
        async (text, part) => {
          const pasted = text.slice(0, Math.floor(text.length * part));
          const found = await readPrivateKey({ text: pasted });
          if (found.ok) throw new Error('a part of a key was taken');
          const pieces = pasted.match(/[\w+/-]{12,}/g) ?? [];
          for (const piece of pieces) expect(found.detail).not.toContain(piece);
        },
      ),
      { numRuns: 300 },
    );
  });
});
