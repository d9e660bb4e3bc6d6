// A private key as Okta's console gives it, a JSON Web Key or PEM: found whole, and told apart. Whether
// it is a good one is for the API to say. Never repeats any of it.
import { CliProblem } from './command.js';
import type { GivenKey } from './connection.js';

/** @throws {CliProblem} where the text is neither, or `kid` is said of a JSON Web Key. */
export function givenKey(text: string, kid?: string): GivenKey {
  const jwk = parsed(text);
  if (jwk !== null && kid !== undefined) {
    throw new CliProblem(
      'A JSON Web Key says its kid itself: leave --kid out, or put it in there.',
      2,
    );
  }
  if (jwk !== null) return { jwk };
  if (text.includes('-----BEGIN')) return { pem: text, ...(kid === undefined ? {} : { kid }) };
  throw new CliProblem('That is neither a JSON Web Key ({ … }) nor PEM (-----BEGIN …).', 2);
}

/** Whether a paste has come to its end: with the key, or with an empty line. */
export function isWholeKey(text: string): boolean {
  return /-----END [^-]+-----/.test(text) || parsed(text) !== null || /\S\n\s*\n$/.test(text);
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
