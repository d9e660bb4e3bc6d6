// Whether people are members of one group, read for all who want to know at about the same time: one scan
// of the group's members a minute. Knows one group; `member-reads.ts` knows all of them.
//
//   somebody asks → wait until nobody else has asked for a quarter of a second → scan → who was not seen: scan
//   once more a second later, since Okta's reads lag behind its writes → whoever is left was not seen
import type { OktaGroupId, OktaUserId } from '../domain/brand.js';
import { OktaError, pause, type OktaConnection } from '../okta/index.js';

export type MemberReader = Pick<OktaConnection, 'scanGroupMembers'>;

/** `not-read`: nothing is known, and finding out would take too long or too many calls. */
export type Seen = 'seen' | 'unseen' | 'not-read';

/** A question on its way. */
export interface Asking {
  seen: Promise<Seen>;
  /** Nobody wants to know any more. May be called at any time. */
  leave: () => void;
}

/** A scan starts when nobody has asked for so long, */
const CALM_MS = 250;
/** or so long after the first one who waits for it. */
const LONGEST_GATHERING_MS = 15_000;
/** From the start of one scan to the start of the next that is not its repetition. */
const BETWEEN_SCANS_MS = 60_000;
/** Whoever would have to wait longer for the next scan to be allowed is not kept. */
const LONGEST_HOLD_UP_MS = 3_000;
const LAG_MS = 1_000;
/** Of a thousand members each: bucket D pays for every one. */
const MAX_PAGES = 10;
/** A group that has more members is not tried again for so long. */
const TOO_LARGE_FOR_MS = 3_600_000;
/** Both scans and the pause between them. */
const LONGEST_READING_MS = 20_000;

interface Waiter {
  user: OktaUserId;
  /** Scans that began after the question and saw the whole group, but not this person. */
  missedBy: number;
  tell: (seen: Seen) => void;
  fail: (error: unknown) => void;
}

export class GroupMembers {
  readonly #group: OktaGroupId;
  readonly #now: () => number;
  readonly #waiters = new Set<Waiter>();
  #readableFrom = -Infinity;
  #gatheringSince: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #reading: AbortController | null = null;

  /** @param now milliseconds, of a clock that is never put back */
  constructor(group: OktaGroupId, now: () => number) {
    this.#group = group;
    this.#now = now;
  }

  /** Nothing is going on, and nothing has to be remembered. */
  get isIdle(): boolean {
    return this.#waiters.size === 0 && this.#reading === null && this.#readableFrom <= this.#now();
  }

  /** @param atOnce nobody else is expected, so there is nothing to gather */
  ask(okta: MemberReader, user: OktaUserId, atOnce: boolean): Asking {
    const holdUpMs = Math.max(0, this.#readableFrom - this.#now());
    if (this.#reading === null && holdUpMs > LONGEST_HOLD_UP_MS) {
      return { seen: Promise.resolve('not-read'), leave: () => undefined };
    }
    const asking = this.#join(user);
    // A scan that has begun may still come to this person, and a repetition will.
    if (this.#reading === null) this.#schedule(okta, atOnce, holdUpMs);
    return asking;
  }

  #join(user: OktaUserId): Asking {
    let leave = (): void => undefined;
    const seen = new Promise<Seen>((resolve, reject) => {
      const waiter = { user, missedBy: 0, tell: resolve, fail: reject };
      this.#waiters.add(waiter);
      leave = () => {
        if (!this.#waiters.delete(waiter) || this.#waiters.size > 0) return;
        clearTimeout(this.#timer);
        this.#gatheringSince = null;
        this.#reading?.abort();
      };
    });
    return { seen, leave };
  }

  #schedule(okta: MemberReader, atOnce: boolean, holdUpMs: number): void {
    this.#gatheringSince ??= this.#now();
    const leftMs = this.#gatheringSince + LONGEST_GATHERING_MS - this.#now();
    const calmMs = atOnce ? 0 : Math.min(CALM_MS, leftMs);
    clearTimeout(this.#timer);
    const start = (): void => void this.#read(okta);
    const inMs = Math.max(calmMs, holdUpMs);
    if (inMs <= 0) start();
    else this.#timer = setTimeout(start, inMs);
  }

  async #read(okta: MemberReader): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    this.#gatheringSince = null;
    const limit = setTimeout(() => {
      reading.abort();
    }, LONGEST_READING_MS);
    try {
      await this.#scan(okta, reading.signal);
      if (this.#mayLag()) {
        await pause(LAG_MS, reading.signal);
        await this.#scan(okta, reading.signal);
      }
      this.#end(({ missedBy, tell }) => {
        tell(missedBy > 1 ? 'unseen' : 'not-read');
      });
    } catch (error) {
      // Okta's answer to the create stands then; why it cannot be read, the next step shows.
      const isExpected = error instanceof OktaError || reading.signal.aborted;
      this.#end(({ tell, fail }) => {
        if (isExpected) tell('not-read');
        else fail(error);
      });
    } finally {
      clearTimeout(limit);
      this.#reading = null;
    }
  }

  async #scan(okta: MemberReader, signal: AbortSignal): Promise<void> {
    this.#readableFrom = this.#now() + BETWEEN_SCANS_MS;
    const present = [...this.#waiters];
    const options = { signal, maxPages: MAX_PAGES };
    const { value } = await okta.scanGroupMembers(this.#group, (id) => this.#see(id), options);
    if (value === 'whole') for (const waiter of present) waiter.missedBy += 1;
    if (value === 'cut-short') this.#readableFrom = this.#now() + TOO_LARGE_FOR_MS;
  }

  /** True once nobody is left to look for. */
  #see(user: OktaUserId): boolean {
    for (const waiter of this.#waiters) {
      if (waiter.user !== user) continue;
      this.#waiters.delete(waiter);
      waiter.tell('seen');
    }
    return this.#waiters.size === 0;
  }

  #mayLag(): boolean {
    return [...this.#waiters].some(({ missedBy }) => missedBy > 0);
  }

  #end(finish: (waiter: Waiter) => void): void {
    const left = [...this.#waiters];
    this.#waiters.clear();
    left.forEach(finish);
  }
}
