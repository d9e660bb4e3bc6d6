// What must not stand in clear, made to be recognised: people, texts, keys.
import { generateKeyPairSync, randomBytes, type JsonWebKey } from 'node:crypto';
import type { Canary } from './forms.js';

export interface Person {
  firstName: string;
  lastName: string;
  email: string;
  login: string;
}

/** Marks and capitals in name and login; all four parts are different texts. */
export function person(firstName: string, lastName: string): Person {
  return {
    firstName,
    lastName,
    email: `${firstName}.${lastName}@Canary-Mail.example`.normalize('NFKD').replace(/\p{M}/gu, ''),
    login: `${lastName}_${firstName}@Kanarienvögel.example`,
  };
}

export const personCanary = (
  name: string,
  { firstName, lastName, email, login }: Person,
): Canary => ({
  name: `person: ${name}`,
  values: [firstName, lastName, `${firstName} ${lastName}`, email, login],
});

export interface KeyPair {
  kid: string;
  publicJwk: JsonWebKey;
  privateJwk: JsonWebKey;
  pem: string;
}

export function rsaKey(kid: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    kid,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid },
    privateJwk: { ...privateKey.export({ format: 'jwk' }), kid },
    pem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

/** Members that only a private key has. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;
/** Of PKCS#8 for 2048 bits: the lines before hold the modulus, which is public. */
const PUBLIC_LINES = 8;

/** Its private numbers as text and as bytes, and the lines of its PEM that hold them. */
export function keyCanary(name: string, { privateJwk, pem }: Omit<KeyPair, 'kid' | 'publicJwk'>) {
  return {
    name: `key: ${name}`,
    values: [...privateNumbers(privateJwk), ...pem.split('\n').slice(PUBLIC_LINES, -3)],
  };
}

export function privateNumbers(jwk: JsonWebKey): (string | Buffer)[] {
  return PRIVATE.flatMap((member) => {
    const text = jwk[member];
    return typeof text === 'string' ? [text, Buffer.from(text, 'base64url')] : [];
  });
}

/** Of a JWT the signature: without it the rest is of no use, and much of it is the same in all. */
export const jwtCanary = (name: string, tokens: Iterable<string>): Canary => ({
  name: `token: ${name}`,
  values: [...tokens].map((token) => token.split('.')[2] ?? token),
});

/** A secret of 32 bytes that is written down in some encoding. */
export const secretCanary = (name: string, text: string, encoding: BufferEncoding): Canary => ({
  name: `secret: ${name}`,
  values: [text, Buffer.from(text, encoding)],
});

/** What people paste in place of a key, each with something that is secret. */
export function badKeys({ pem, privateJwk }: KeyPair): { key: unknown; secret: string }[] {
  const random = () => randomBytes(30).toString('base64url');
  const [clientSecret, token, password] = [random(), random(), random()];
  const { qi: _, ...incomplete } = privateJwk;
  return [
    { key: { pem: pem.slice(0, -300) }, secret: pem.split('\n')[12] ?? '' },
    { key: { pem: pem.replaceAll('-----', '--') }, secret: pem.split('\n')[12] ?? '' },
    { key: { jwk: incomplete }, secret: String(privateJwk.d) },
    { key: { jwk: { ...privateJwk, d: privateJwk.p } }, secret: String(privateJwk.p) },
    { key: { jwk: JSON.stringify(privateJwk).slice(0, -20) }, secret: String(privateJwk.d) },
    { key: { pem: clientSecret }, secret: clientSecret },
    { key: { jwk: { kty: 'oct', k: token } }, secret: token },
    { key: { pem: `SSWS 00${token}`, kid: 'a'.repeat(300) }, secret: token },
    { key: { pem, jwk: privateJwk, password }, secret: password },
  ];
}
