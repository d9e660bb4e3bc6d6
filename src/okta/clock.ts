// Okta's clock as far as it is known. Ours counts until a refusal shows that it is wrong; what is
// signed carries a time, and Okta takes none from its future or from long ago.
import type { IncomingHttpHeaders } from 'node:http';
import { serverTimeOf } from './headers.js';

/** Okta refuses an `iat` in its future, and no two clocks agree. */
const BACKDATED_SECONDS = 5;

export class Clock {
  #offsetMs = 0;

  /** For `iat`: seconds since 1970, safely in Okta's past. */
  issuedAt(): number {
    return Math.floor((Date.now() + this.#offsetMs) / 1000) - BACKDATED_SECONDS;
  }

  /** Goes by the `Date` of this answer from now on, if it has one. */
  learn(headers: IncomingHttpHeaders): void {
    const oktaTime = serverTimeOf(headers);
    if (oktaTime !== null) this.#offsetMs = oktaTime - Date.now();
  }
}
