// Why a pasted key cannot be used: a stable word and a sentence for whoever pasted it. The sentences
// are fixed, so that none of them can repeat a character of what may be a secret.

const FAULTS = {
  KEY_EMPTY: 'There is no key in this: paste a private key as PEM or as a JSON Web Key',
  KEY_UNKNOWN: 'This is neither a PEM nor a JSON Web Key',
  KEY_TRUNCATED:
    'This key is cut off: copy all of it, from the BEGIN line to the END line, or from { to }',
  KEY_DAMAGED: 'This looks like a private key, but it cannot be read: copy it once more',
  KEY_INCOMPLETE:
    'This JSON Web Key lacks members: RSA needs n, e, d, p, q, dp, dq and qi; EC needs crv, x, y and d',
  KEY_ENCRYPTED:
    'This key is encrypted with a passphrase: decrypt it first, as with openssl pkey -in KEY -out PLAIN',
  KEY_PUBLIC: 'This is a public key: it is the private one that signs',
  KEY_SYMMETRIC: 'This is a symmetric key, a shared secret: Okta wants an RSA or EC key pair',
  KEY_CLIENT_SECRET:
    'This looks like a client secret, not a key: let the app authenticate by "Public key / Private key"',
  KEY_CLIENT_ID: 'This looks like a client id, not a key',
  KEY_TOKEN: 'This looks like a token, not a key',
  KEY_FILE_NAME: 'This looks like the name of a file: send what is in it',
  KEY_CERTIFICATE:
    'This is a certificate: it holds a public key, and it is the private one that signs',
  KEY_SSH:
    'This is an SSH key: convert a copy of it, as with ssh-keygen -p -m PKCS8 -f COPY, or make a new pair',
  KEY_SEVERAL: 'There are several private keys in this: send the one that Okta knows',
  KEY_TYPE:
    'This key is of another kind: Okta takes RSA (not RSA-PSS) and EC on P-256, P-384 or P-521',
  KEY_ALGORITHM:
    'Its alg or use does not fit: RS256, RS384 or RS512 for RSA, the ES algorithm of its curve for EC',
  KEY_WEAK: 'This RSA key is too short: Okta takes 2048 bits and more',
  KEY_MISMATCH: 'The private and the public half do not belong together',
  KEY_ID: 'A key id (kid) is text of 1 to 255 characters',
} as const;

export type KeyFault = keyof typeof FAULTS;

/** Thrown inside `src/crypto` only; {@link readPrivateKey} answers it as a value. */
export class KeyRefused extends Error {
  readonly fault: KeyFault;

  constructor(fault: KeyFault) {
    super(FAULTS[fault]);
    this.name = 'KeyRefused';
    this.fault = fault;
  }
}
