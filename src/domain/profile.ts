// The attributes of an account that differ from what was asked for. Pure.
import type { JsonValue, Profile } from './okta-user.js';

/** Null where nothing differs. `before` has null for an attribute that the account lacks. */
export function changesOf(
  current: Profile,
  wanted: Profile,
): { before: Profile; after: Profile } | null {
  const names = Object.keys(wanted).filter((name) => !isSame(current[name], wanted[name]));
  if (names.length === 0) return null;
  const pick = (from: Profile): Profile =>
    Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
  return { before: pick(current), after: pick(wanted) };
}

/** Okta leaves out what is null (Core Okta API). */
function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}
