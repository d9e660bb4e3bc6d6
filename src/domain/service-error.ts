// The base of every error that somebody else caused. Callers switch on `code`, never on the message.
export abstract class ServiceError extends Error {
  /** Stable, upper snake case. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
