// The access token of one connection: minted with its key, shared with all workers through the
// `TokenCache`, renewed before it expires, dropped when Okta refuses it. It leaves this file only in a
// `Session`, for the Authorization header. How one is minted is in `minting.ts`.
import type { HttpAnswer } from './exchange.js';
import { callable, mint, type Minted, type MintParts } from './minting.js';
import type { AccessToken, CachedToken, OktaCredentials } from './ports.js';
import { orAbort } from './waiting.js';

const MAX_MARGIN_MS = 5 * 60_000;
/** How long a change of key or domain may go unnoticed while a token is good; a mint looks every time. */
const CREDENTIALS_MS = 30_000;

/** The right to call, for now. */
export interface Session {
  origin: string;
  token: CachedToken;
  /** The answer that brought the token; null where nobody was asked for this one. */
  minted: HttpAnswer | null;
}

export interface TokenSourceParts extends MintParts {
  credentials: () => Promise<OktaCredentials | null>;
  read: () => Promise<CachedToken | null>;
  refresh: (stale: string | null, mint: () => Promise<AccessToken>) => Promise<CachedToken>;
  allowLoopback: boolean;
}

export class TokenSource {
  readonly #parts: TokenSourceParts;
  #identity: Identity | null = null;
  #held: { token: CachedToken; useUntil: number } | null = null;
  /** Generations that Okta refused, or that belong to former credentials. */
  readonly #dropped = new Set<string>();
  #renewal: Promise<Session> | null = null;
  #reading: Promise<Identity> | null = null;

  constructor(parts: TokenSourceParts) {
    this.#parts = parts;
  }

  /**
   * A session with a token that is fresh. `refused`: the generation that Okta has just not taken; it
   * is never given out again.
   *
   * @throws OktaError, `OKTA_AUTH_FAILED` first of all
   * @throws the signal's reason
   */
  async session(signal?: AbortSignal, refused?: string): Promise<Session> {
    if (refused !== undefined) this.#dropped.add(refused);
    const { origin } = await orAbort(this.#credentials(CREDENTIALS_MS), signal);
    return this.#usable(origin) ?? this.#renewed(signal);
  }

  /**
   * Where calls go. Costs nothing beside them: it is what their sessions begin with.
   *
   * @throws OktaError `OKTA_AUTH_FAILED` where there is no such connection
   * @throws the signal's reason
   */
  async origin(signal?: AbortSignal): Promise<string> {
    return (await orAbort(this.#credentials(CREDENTIALS_MS), signal)).origin;
  }

  /** Like `session`. `renew`: after a look at the credentials, and with a new token in any case. */
  async verify(signal?: AbortSignal, renew = false): Promise<Session> {
    const { origin } = await orAbort(this.#credentials(renew ? 0 : CREDENTIALS_MS), signal);
    if (renew) {
      const shared = await orAbort(this.#parts.read(), signal);
      this.#drop(shared);
      this.#drop(this.#held?.token);
    }
    return this.#usable(origin) ?? this.#renewed(signal);
  }

  #usable(origin: string): Session | null {
    if (this.#held === null || Date.now() >= this.#held.useUntil) return null;
    const { token } = this.#held;
    return this.#dropped.has(token.generation) ? null : { origin, token, minted: null };
  }

  #drop(token: CachedToken | null | undefined): void {
    if (token != null) this.#dropped.add(token.generation);
  }

  /** A generation that another one has followed is given out by nobody any more. */
  #forgetFormer({ generation }: CachedToken): void {
    for (const dropped of this.#dropped) if (dropped !== generation) this.#dropped.delete(dropped);
  }

  /** One renewal at a time; who comes meanwhile shares what comes of it, a failure too. */
  async #renewed(signal?: AbortSignal): Promise<Session> {
    const session = await orAbort(this.#startRenewal(), signal);
    // Shared with somebody who did not know yet that this very token is refused.
    const refused = this.#dropped.has(session.token.generation);
    return refused ? orAbort(this.#startRenewal(), signal) : session;
  }

  #startRenewal(): Promise<Session> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renew(): Promise<Session> {
    const shared = await this.#parts.read();
    if (shared !== null && shared.generation !== this.#held?.token.generation) this.#keep(shared);
    let minted: HttpAnswer | null = null;
    const { origin } = await this.#credentials(CREDENTIALS_MS);
    const usable = this.#usable(origin);
    if (usable !== null) return usable;
    const token = await this.#parts.refresh(shared?.generation ?? null, async () => {
      const made = await this.#mint();
      minted = made.answer;
      return made.token;
    });
    this.#keep(token);
    this.#forgetFormer(token);
    // Minting has looked at the credentials again.
    return { origin: (await this.#credentials(CREDENTIALS_MS)).origin, token, minted };
  }

  /**
   * Used until five minutes before its end, or a tenth of its life where that is shorter. When another
   * worker minted it is not known: its life counts from when we first saw it.
   */
  #keep(token: CachedToken): void {
    const expiresAt = Date.parse(token.expiresAt);
    const margin = Math.min(MAX_MARGIN_MS, Math.max(0, expiresAt - Date.now()) / 10);
    this.#held = { token, useUntil: expiresAt - margin };
  }

  /** With a proof where the last token had one, so that a demand for it is met only once. */
  async #mint(): Promise<Minted> {
    return mint(this.#parts, await this.#credentials(0), this.#held?.token.proofKey != null);
  }

  /**
   * Read again after `maxAgeMs`, once for all who want them at the same time; zero: read now, for this
   * caller. With other credentials than before, the token is no good either.
   */
  async #credentials(maxAgeMs: number): Promise<Identity> {
    if (maxAgeMs === 0) return this.#readCredentials();
    const known = this.#identity;
    if (known !== null && Date.now() - known.readAt < maxAgeMs) return known;
    this.#reading ??= this.#readCredentials().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readCredentials(): Promise<Identity> {
    const known = this.#identity;
    const { credentials: read, allowLoopback } = this.#parts;
    const credentials = callable(await read(), allowLoopback);
    const mark = JSON.stringify(credentials);
    if (known !== null && known.mark !== mark) this.#drop(this.#held?.token);
    this.#identity = { ...credentials, mark, readAt: Date.now() };
    return this.#identity;
  }
}

interface Identity extends OktaCredentials {
  /** Differs with anything that a token depends on. Has the key in it: stays here. */
  mark: string;
  /** Milliseconds since 1970. */
  readAt: number;
}
