// Every form in which a text or some bytes may turn up elsewhere. A form is long enough that it does not
// turn up by chance.

/** Something that may stand in few places; `values` are the texts or bytes that give it away. */
export interface Canary {
  name: string;
  values: readonly (string | Buffer)[];
}

export interface Form {
  form: string;
  bytes: Buffer;
}

/** Anything shorter turns up by chance in tens of megabytes. */
const SHORTEST_BYTES = 8;
/** What is longer is looked for in pieces, so that one that was cut off is found, too. */
const PIECE_BYTES = 24;

/** @throws where a value is too short to be told from chance. */
export function formsOf({ name, values }: Canary): Form[] {
  const forms = values.flatMap((value) =>
    typeof value === 'string' ? formsOfText(value) : encodings(value),
  );
  const short = forms.find(({ bytes }) => bytes.length < SHORTEST_BYTES);
  if (short !== undefined)
    throw new Error(`${name} as ${short.form} is too short to be looked for`);
  return forms;
}

function formsOfText(text: string): Form[] {
  return pieces(text).flatMap((piece) => {
    const inJson = JSON.stringify(piece).slice(1, -1);
    const escaped = inJson.replace(/[^\0-\x7f]/g, unicodeEscape);
    return [
      ...named('', encodings(Buffer.from(piece))),
      ...named('', encodings(Buffer.from(folded(piece)))),
      ...named('JSON ', encodings(Buffer.from(inJson))),
      { form: 'JSON in ASCII', bytes: Buffer.from(escaped) },
      { form: 'JSON in JSON', bytes: Buffer.from(JSON.stringify(inJson).slice(1, -1)) },
      { form: 'JSON in ASCII in JSON', bytes: Buffer.from(escaped.replaceAll('\\', '\\\\')) },
      { form: 'URL', bytes: Buffer.from(encodeURIComponent(piece)) },
      { form: 'form', bytes: Buffer.from(new URLSearchParams([['', piece]]).toString().slice(1)) },
      { form: 'UTF-16', bytes: Buffer.from(piece, 'utf16le') },
      { form: 'UTF-16', bytes: Buffer.from(folded(piece), 'utf16le') },
      { form: 'Latin-1', bytes: Buffer.from(piece, 'latin1') },
    ];
  });
}

/** As Okta and Tenure compare logins: another way of writing the same person. */
const folded = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const unicodeEscape = (char: string): string =>
  `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** All of a long text, in pieces; its last one overlaps the one before. */
function pieces(text: string): string[] {
  if (text.length <= 2 * PIECE_BYTES) return [text];
  const starts = Array.from({ length: Math.floor(text.length / PIECE_BYTES) }, (_, index) =>
    text.slice(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
  return [...starts, text.slice(-PIECE_BYTES)];
}

function encodings(bytes: Buffer): Form[] {
  const hex = bytes.toString('hex');
  return [
    { form: 'plain', bytes },
    { form: 'hex', bytes: Buffer.from(hex) },
    { form: 'HEX', bytes: Buffer.from(hex.toUpperCase()) },
    ...[0, 1, 2].flatMap((offset) => {
      const text = base64Within(bytes, offset);
      const urlText = text.replaceAll('+', '-').replaceAll('/', '_');
      return [
        { form: 'base64', bytes: Buffer.from(text) },
        { form: 'base64url', bytes: Buffer.from(urlText) },
        ...[0, 1, 2].map((outer) => ({
          form: 'base64 in base64',
          bytes: Buffer.from(base64Within(Buffer.from(text), outer)),
        })),
      ];
    }),
  ];
}

/** The characters that `bytes` alone decide where they begin `offset` bytes into a group of three. */
function base64Within(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  const from = Math.ceil((offset * 8) / 6);
  return whole.toString('base64').slice(from, Math.floor((whole.length * 8) / 6));
}

const named = (before: string, forms: Form[]): Form[] =>
  forms.map(({ form, bytes }) => ({ form: before + form, bytes }));
