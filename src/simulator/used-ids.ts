/**
 * Identifiers that count once: the `jti` of client assertions and of DPoP proofs. In memory only,
 * so a restart forgets them.
 */
export class UsedIds {
  readonly #until = new Map<string, number>();

  /**
   * Whether `id` is new. From then on it is not.
   *
   * @param until when it may be forgotten, since what it belongs to is refused for its age; epoch
   *   seconds, as `now` is
   */
  take(id: string, until: number, now: number): boolean {
    for (const [other, end] of this.#until) {
      if (end > now) break;
      this.#until.delete(other);
    }
    if (this.#until.has(id)) return false;
    this.#until.set(id, until);
    return true;
  }

  clear(): void {
    this.#until.clear();
  }
}
