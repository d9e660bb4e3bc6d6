// One finding of the doctor, and the few ways to make one.
import type { Permission } from './admin-role.js';

export const CHECK_STATUSES = ['pass', 'warn', 'fail', 'skipped'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

export type CheckId =
  | 'domain.host'
  | 'dns'
  | 'tls'
  | 'okta.org'
  | 'clock'
  | 'app.client'
  | 'app.auth-method'
  | 'app.key'
  | 'app.dpop'
  | `scope.${string}`
  | 'role.none'
  | `role.${Permission}`
  | 'resources.users'
  | 'resources.groups'
  | 'limits';

export interface Check {
  id: CheckId;
  status: CheckStatus;
  /** What is looked at; the same whatever was seen. */
  title: string;
  /** What was seen, and what that means. */
  detail: string;
  /** What mends it, in the words of Okta's own menus; of a skipped one, the way to prove it. */
  fix?: string;
}

export type Finding = Omit<Check, 'id' | 'title'>;

/** A check before it is known why it was not reached; null: it was not. */
export interface Look {
  id: CheckId;
  title: string;
  finding: Finding | null;
}

export const look = (id: CheckId, title: string, finding: Finding | null): Look => ({
  id,
  title,
  finding,
});

export const pass = (detail: string): Finding => ({ status: 'pass', detail });
export const warn = (detail: string, fix: string): Finding => ({ status: 'warn', detail, fix });
export const fail = (detail: string, fix: string): Finding => ({ status: 'fail', detail, fix });

export function skipped(detail: string, fix?: string): Finding {
  return { status: 'skipped', detail, ...(fix === undefined ? {} : { fix }) };
}

/** The looks as checks: one that was not reached names the failure before it. */
export function settled(looks: readonly Look[]): Check[] {
  let failed: CheckId | null = null;
  return looks.map(({ id, title, finding }) => {
    const reason = failed === null ? 'Not looked at.' : `Not reached: see ${failed}.`;
    const found = finding ?? skipped(reason);
    if (found.status === 'fail') failed = id;
    return { id, title, ...found };
  });
}
