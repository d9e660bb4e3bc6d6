// What a job brings with it: groups and attributes under one name, within a connection.
import type { JsonValue } from './okta-user.js';

export interface AccessProfile {
  name: string;
  /** Names or ids. */
  groups: string[];
  /** Okta profile attributes; a person's own go over them. */
  attributes: Record<string, JsonValue>;
}
