// A value that comes later, from outside.
export class Deferred<T> {
  readonly value: Promise<T>;
  #resolve: (value: T) => void = () => undefined;
  #isResolved = false;

  constructor() {
    this.value = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isResolved(): boolean {
    return this.#isResolved;
  }

  resolve(value: T): void {
    this.#isResolved = true;
    this.#resolve(value);
  }
}
