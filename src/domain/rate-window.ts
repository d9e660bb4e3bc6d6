// How long a limit of Okta's can hold. One number, for headers, for the rows of the budget and for every
// wait: a window that is said to last longer was misread, or written by a clock that was wrong.

/**
 * Okta's windows last 60 seconds from their first call. A reset is told in whole seconds (one more), and
 * nobody calls in the second after it (another one). A window that ends later than this is void, and
 * whoever waits for a limit looks again after this time at the latest.
 */
export const LONGEST_LIMIT_MS = 62_000;
