// Whether the role of a connection sees users at all. Okta answers a role that may not read with an
// empty list, and to a single user with 403 or 404, nobody knows which: only where somebody is seen
// does a 404 mean that somebody is not there.
import { OktaError } from './errors.js';
import { orAbort } from './waiting.js';

/** Roles are changed by hand, and a look costs as much of the budget as a new account. */
const SEEN_MS = 5 * 60_000;
const NOT_SEEN_MS = 60_000;

export class UserSight {
  readonly #look: () => Promise<boolean>;
  #known: { sees: boolean; until: number } | null = null;
  #looking: Promise<boolean> | null = null;

  /** @param look whether a list of all users has anybody in it */
  constructor(look: () => Promise<boolean>) {
    this.#look = look;
  }

  /** Any answer about a user is proof. */
  sawSomebody(): void {
    this.#know(true);
  }

  /**
   * @throws OktaError where the look neither succeeded nor was forbidden
   * @throws the signal's reason
   */
  async seesAnybody(signal?: AbortSignal): Promise<boolean> {
    if (this.#known !== null && Date.now() < this.#known.until) return this.#known.sees;
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null;
    });
    return orAbort(this.#looking, signal);
  }

  async #lookNow(): Promise<boolean> {
    return this.#know(await this.#look().catch(falseIfForbidden));
  }

  #know(sees: boolean): boolean {
    this.#known = { sees, until: Date.now() + (sees ? SEEN_MS : NOT_SEEN_MS) };
    return sees;
  }
}

function falseIfForbidden(error: unknown): boolean {
  if (!(error instanceof OktaError)) throw error;
  if (error.code === 'OKTA_FORBIDDEN' || error.code === 'OKTA_SCOPE_MISSING') return false;
  throw error;
}
