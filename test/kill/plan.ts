// Who comes when, with which wish, and what is killed when: all of it from one seed, before anything
// has started. How the machine times it is the only thing that a second run does not repeat.
import { randomOf } from './random.js';
import { STORIES, type StoryName } from './stories.js';

export const PARTS = ['worker', 'api', 'temporal', 'postgres'] as const;
export type PartName = (typeof PARTS)[number];

/** `everything`: the supervisor and all of its parts at once, as when the power fails. */
export type Target = PartName | 'supervisor' | 'everything';

export interface Kill {
  target: Target;
  /** The load: how long all goes well before it. */
  pauseMs: number;
}

export interface PlannedPerson {
  index: number;
  story: StoryName;
  /** She comes so long after that kill; -1: after the start. */
  afterKill: number;
  delayMs: number;
}

export interface Plan {
  seed: number;
  kills: Kill[];
  people: PlannedPerson[];
}

const PAUSE_MS = { least: 300, most: 2_200 };
/** Of ten kills one comes after a longer peace, in which runs get far, and one takes the supervisor. */
const ROUND = 10;
const PEACE_AT = 2;
const PEACE_MS = { least: 4_000, most: 8_000 };
const SUPERVISOR_AT = 6;
/** People a kill, those who send once and give up left out; each story is told at least once. */
const PEOPLE_PER_KILL = 0.7;
/** Nobody comes in the last part of the kills, so that these fall into runs under way. */
const ARRIVALS_UNTIL = 0.7;
/** The impatient come just after a kill, when there is something to be impatient about. */
const IMPATIENT_EVERY = 3;

export function planOf(seed: number, killCount: number): Plan {
  const random = randomOf(seed);
  const kills = Array.from({ length: killCount }, (_, index): Kill => {
    const { least, most } = index % ROUND === PEACE_AT ? PEACE_MS : PAUSE_MS;
    const target =
      index % ROUND === SUPERVISOR_AT
        ? random.pick<Target>(['supervisor', 'everything'])
        : random.pick(PARTS);
    return { target, pauseMs: random.between(least, most) };
  });
  const stories = Math.max(STORIES.length, Math.round(killCount * PEOPLE_PER_KILL));
  const lastArrival = Math.floor(killCount * ARRIVALS_UNTIL);
  const order = Array.from({ length: Math.ceil(stories / STORIES.length) }, () =>
    random.some(STORIES, STORIES.length),
  ).flat();
  const patient = order.slice(0, stories).map((story, index) => ({
    story,
    afterKill: Math.floor((index * lastArrival) / stories) - 1,
    delayMs: random.between(0, 1_500),
  }));
  const impatient = kills.flatMap(({ target }, afterKill) => {
    const delayMs = random.between(0, 600);
    const chosen = afterKill % IMPATIENT_EVERY === 0 && target !== 'worker';
    return chosen ? [{ story: 'sends once and gives up' as const, afterKill, delayMs }] : [];
  });
  const people = [...patient, ...impatient].map((person, index) => ({ index, ...person }));
  return { seed, kills, people };
}
