// How fast Okta lets this app work, as its answers said, and what that means for many people at once.
import { look, pass, skipped, warn, type Finding, type Look } from './check.js';
import type { Sightings } from './sightings.js';

/** Calls that one onboarding with up to 20 groups makes of a bucket: create and read back. */
const CALLS_A_PERSON: Readonly<Record<string, number>> = { A: 2, B: 2 };

const WORDS: readonly (readonly [bucket: string, words: string])[] = [
  ['A', 'creating, listing and suspending users'],
  ['B', 'reading a user'],
  ['D', 'groups and their members'],
  ['E', 'reading a group'],
  ['T', 'tokens'],
];

const PEOPLE = 1_000;
const SLOW_MINUTES = 60;

export function limitLooks(seen: Sightings): Look[] {
  return [look('limits', 'Rate limits', limitFinding(seen))];
}

function limitFinding({ limits, token }: Sightings): Finding | null {
  if (token.kind !== 'granted') return null;
  const known = WORDS.flatMap(([bucket, words]) => {
    const rate = limits[bucket];
    return rate === undefined ? [] : [{ bucket, words, ...rate }];
  });
  if (known.length === 0) return skipped("Okta's answers named no limits.");
  const said = known.map(({ words, limit }) => `${words} ${limit}`).join(', ');
  const minutes = Math.max(
    ...known.map(({ bucket, limit }) => (PEOPLE * (CALLS_A_PERSON[bucket] ?? 0)) / limit),
  );
  const detail = `Calls a minute for this app: ${said}. ${meaningOf(minutes)}`;
  const fix =
    'Applications > Applications > your app > Application rate limits: give it a larger share; or ask Okta for a higher limit.';
  const usedUp = known.filter(({ remaining }) => remaining === 0).map(({ words }) => words);
  if (usedUp.length > 0) return warn(`${detail} Used up right now: ${usedUp.join(', ')}.`, fix);
  return minutes > SLOW_MINUTES ? warn(detail, fix) : pass(detail);
}

function meaningOf(minutes: number): string {
  if (minutes === 0) return 'How long a batch takes is not known.';
  const rounded = Math.max(1, Math.ceil(minutes));
  const time = rounded < 120 ? `${rounded} minutes` : `${Math.round(rounded / 60)} hours`;
  return `A batch of ${PEOPLE.toLocaleString('en')} people with up to 20 groups each takes at least ${time}.`;
}
