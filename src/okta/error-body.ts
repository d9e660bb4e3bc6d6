// The body of a refusal, as far as anything may be learned from it: Okta's error code, and which
// attributes it names. Its texts quote what was sent, so they never leave this file.
// Source: Okta's "Core Okta API, Errors": only `errorCode` is a contract.
import type { FieldFault } from './errors.js';

export interface ErrorBody {
  /** `E` and seven digits; null where the body is not Okta's. */
  errorCode: string | null;
  fields: { name: string; fault: FieldFault }[];
}

/** Total: whatever the body is, HTML and nothing included. */
export function readErrorBody(body: string): ErrorBody {
  const json = parsed(body);
  const errorCode = json['errorCode'];
  if (typeof errorCode !== 'string' || !/^E\d{7}$/.test(errorCode)) {
    return { errorCode: null, fields: [] };
  }
  const causes = Array.isArray(json['errorCauses']) ? (json['errorCauses'] as unknown[]) : [];
  return { errorCode, fields: causes.flatMap(fieldOf) };
}

/** The members of a JSON object; none where it is none. */
export function parsed(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * `login: The field cannot be left blank` or `Property name 'x' is not defined in profile` (recorded
 * traffic 2021). What stands before the colon counts only where it can be an attribute's name.
 */
function fieldOf(cause: unknown): ErrorBody['fields'] {
  const text =
    typeof cause === 'object' && cause !== null && 'errorSummary' in cause
      ? cause.errorSummary
      : undefined;
  if (typeof text !== 'string') return [];
  const undefinedName = /^Property name '([A-Za-z_]\w{0,99})' is not defined/.exec(text)?.[1];
  if (undefinedName !== undefined) return [{ name: undefinedName, fault: 'not-defined' }];
  const [, name, words] = /^([A-Za-z_]\w{0,99}): (.*)$/s.exec(text) ?? [];
  return name === undefined ? [] : [{ name, fault: faultOf(words ?? '') }];
}

function faultOf(words: string): FieldFault {
  if (/object with this field already exists/i.test(words)) return 'taken';
  if (/cannot be left blank/i.test(words)) return 'blank';
  if (/form of an email address/i.test(words)) return 'not-an-email';
  return 'other';
}
