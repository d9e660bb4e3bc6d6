// What can go wrong with the store that is not a bug of ours. Messages name no host, login or value.
import { ServiceError } from '../domain/service-error.js';

/** The database cannot be reached, is starting, or went away in the middle. Worth another try. */
export class StoreUnavailableError extends ServiceError {
  readonly code = 'STORE_UNAVAILABLE';
}

/** A newer release has changed the schema; this one must not write to it. */
export class SchemaNewerError extends ServiceError {
  readonly code = 'SCHEMA_NEWER';
}

/** This release has not set the database up, or not to its end. */
export class SchemaOlderError extends ServiceError {
  readonly code = 'SCHEMA_OLDER';
}

/** A list cursor that this store did not make. */
export class CursorInvalidError extends ServiceError {
  readonly code = 'CURSOR_INVALID';
}
