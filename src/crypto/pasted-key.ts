// From pasted text to a private key as Node knows it, and to what else the text said of it. Knows the
// forms in which keys are handed around; whether this one is any good is for `private-key.ts`.
import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { KeyRefused, type KeyFault } from './key-fault.js';

export interface ParsedKey {
  key: KeyObject;
  /** The JSON Web Key that was pasted, whose members may contradict each other; null for a PEM. */
  jwk: JsonWebKey | null;
}

/** @throws {KeyRefused} */
export function parsePastedKey(pasted: string): ParsedKey {
  const text = tidy(pasted);
  if (text === '') throw new KeyRefused('KEY_EMPTY');
  if (text.startsWith('{')) return fromJson(text);
  if (text.includes('-----BEGIN ')) return { key: fromPem(text), jwk: null };
  throw new KeyRefused(LOOKS.find(([form]) => form.test(text))?.[1] ?? 'KEY_UNKNOWN');
}

/** Quotes around it, line breaks written as \n: what environment variables and JSON make of a PEM. */
function tidy(pasted: string): string {
  const bare = pasted.replace(/^\uFEFF/, '').trim();
  const unquoted = /^(["'`])([^]*)\1$/.exec(bare)?.[2]?.trim() ?? bare;
  return unquoted.startsWith('-----BEGIN ') ? unquoted.replaceAll(/\\r|\\n/g, '\n') : unquoted;
}

/** What people paste in place of a key, the more particular first. */
const LOOKS: readonly [RegExp, KeyFault][] = [
  [/^(ssh-|ecdsa-sha2-|sk-|PuTTY-User-Key-File|---- BEGIN SSH2)/, 'KEY_SSH'],
  [/-----END |BEGIN |PRIVATE KEY/, 'KEY_TRUNCATED'],
  [/^MI[A-Za-z0-9+/=\s]{98,}$/, 'KEY_TRUNCATED'],
  [/^"?(kty|d|n|e|p|q|dp|dq|qi|kid|crv|x|y|alg|use)"\s*:/, 'KEY_TRUNCATED'],
  [/^0oa[A-Za-z0-9]{17}$/, 'KEY_CLIENT_ID'],
  [/^(SSWS )?00[\w-]{40}$|^(Bearer )?eyJ[\w-]*\.[\w-]*\.[\w-]*$/, 'KEY_TOKEN'],
  [/^[^\n]*(\.(pem|key|jwk|json|txt|p12|pfx)|[/\\][^\n/\\=]+)$/i, 'KEY_FILE_NAME'],
  [/^[\w-]{24,128}$/, 'KEY_CLIENT_SECRET'],
];

const LABELS: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1' | KeyFault>> = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'ENCRYPTED PRIVATE KEY': 'KEY_ENCRYPTED',
  'OPENSSH PRIVATE KEY': 'KEY_SSH',
  'SSH2 ENCRYPTED PRIVATE KEY': 'KEY_SSH',
  'DSA PRIVATE KEY': 'KEY_TYPE',
};
const BESIDES: readonly [RegExp, KeyFault][] = [
  [/PUBLIC KEY$/, 'KEY_PUBLIC'],
  [/CERTIFICATE|X509|PKCS7|CMS/, 'KEY_CERTIFICATE'],
];

/** One private key; certificates, parameters and public keys may stand beside it. */
function fromPem(text: string): KeyObject {
  const labels = [...text.matchAll(/-----BEGIN ([^-\n]+)-----/g)].map(([, label = '']) => label);
  const [label, ...others] = labels.filter((name) => name.endsWith('PRIVATE KEY'));
  if (others.length > 0) throw new KeyRefused('KEY_SEVERAL');
  if (label === undefined) {
    const beside = BESIDES.find(([form]) => labels.some((name) => form.test(name)));
    throw new KeyRefused(beside?.[1] ?? (labels.length === 0 ? 'KEY_TRUNCATED' : 'KEY_UNKNOWN'));
  }
  const form = LABELS[label] ?? 'KEY_UNKNOWN';
  if (form.startsWith('KEY_')) throw new KeyRefused(form as KeyFault);
  const body = text.slice(text.indexOf(`-----BEGIN ${label}-----`) + label.length + 16);
  const end = body.indexOf(`-----END ${label}-----`);
  if (end < 0) throw new KeyRefused('KEY_TRUNCATED');
  return fromBody(body.slice(0, end), form as 'pkcs8' | 'pkcs1' | 'sec1');
}

const DER_SEQUENCE = 0x30;

function fromBody(body: string, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  if (/^Proc-Type:.*ENCRYPTED/m.test(body)) throw new KeyRefused('KEY_ENCRYPTED');
  const base64 = body.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new KeyRefused('KEY_DAMAGED');
  const der = Buffer.from(base64, 'base64');
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch {
    throw new KeyRefused(derLength(der) > der.length ? 'KEY_TRUNCATED' : 'KEY_DAMAGED');
  }
}

/** How long the outermost DER sequence says that it is, its head included (X.690, section 8.1.3). */
function derLength(der: Buffer): number {
  if (der.length < 6) return Infinity;
  if (der[0] !== DER_SEQUENCE) return 0;
  const first = der.readUInt8(1);
  if (first < 0x80) return 2 + first;
  const bytes = Math.min(first & 0x7f, 4);
  return bytes === 0 ? 2 : 2 + bytes + der.readUIntBE(2, bytes);
}

function fromJson(text: string): ParsedKey {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeyRefused('KEY_TRUNCATED');
  }
  return fromJwk(onlyKeyOf(json as Record<string, unknown>));
}

/** A key set with one key is that key. */
function onlyKeyOf(json: Record<string, unknown>): Record<string, unknown> {
  const { keys } = json;
  if (!Array.isArray(keys)) return json;
  if (keys.length > 1) throw new KeyRefused('KEY_SEVERAL');
  const only: unknown = keys[0];
  if (typeof only !== 'object' || only === null) throw new KeyRefused('KEY_EMPTY');
  return only as Record<string, unknown>;
}

const PRIVATE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['crv', 'x', 'y', 'd'],
};
const CURVES = ['P-256', 'P-384', 'P-521'];

function fromJwk(jwk: Record<string, unknown>): ParsedKey {
  if (jwk['kty'] === 'oct') throw new KeyRefused('KEY_SYMMETRIC');
  if (typeof jwk['kty'] !== 'string') throw new KeyRefused('KEY_UNKNOWN');
  const members = PRIVATE_MEMBERS[jwk['kty']];
  if (members === undefined || 'oth' in jwk) throw new KeyRefused('KEY_TYPE');
  if (!('d' in jwk)) throw new KeyRefused('KEY_PUBLIC');
  const isText = (name: string) => typeof jwk[name] === 'string' && jwk[name] !== '';
  if (!members.every(isText)) throw new KeyRefused('KEY_INCOMPLETE');
  if (jwk['kty'] === 'EC' && !CURVES.includes(String(jwk['crv']))) throw new KeyRefused('KEY_TYPE');
  try {
    return { key: createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }), jwk };
  } catch {
    // Node refuses points off the curve here, which is what a public half of another key may be.
    throw new KeyRefused('KEY_DAMAGED');
  }
}
