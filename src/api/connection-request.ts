// From the bodies of POST and PATCH /v1/connections to what the store takes, with every fault at once
// and a word on what was put right.
import { as } from '../domain/brand.js';
import { OKTA_SCOPES, type Connection, type ConnectionSettings } from '../domain/connection.js';
import {
  connectionChange,
  connectionRequest,
  keyRequest,
  type ConnectionSettingsGiven,
} from '../domain/connection.schema.js';
import { isOktasOwn, readOktaDomain } from '../domain/okta-domain.js';
import type { ConnectionChange, ConnectionStore, NewConnection } from '../store/store.js';
import { assumedKid, readKey, type GivenKey } from './connection-key.js';
import { Faults } from './faults.js';
import { isZone, readDuration } from './times.js';

export interface RequestRules {
  /** The simulator's origin is taken as a domain. */
  isEmbedded: boolean;
  now: number;
}

const KID_REMEDY = 'set it by PATCH with { "key": { "kid": … } }';

/** @throws {Problem} `INVALID` */
export async function readNewConnection(
  sent: unknown,
  rules: RequestRules,
): Promise<{ wanted: Omit<NewConnection, 'status'>; corrections: string[] }> {
  const faults = new Faults();
  const body = faults.parse(connectionRequest, sent);
  const given = membersOf(sent);
  const domain = readDomain(faults, given, rules, false);
  checkSettings(faults, given['settings'], rules.now);
  const keyGiven = keyRequest.safeParse(given['key']);
  const key = keyGiven.success ? await readKey(faults, keyGiven.data, 'key') : null;
  faults.throwIfAny();
  if (body === null || domain === null || key === null) {
    throw new Error('a request has no fault and no content');
  }
  const { id, name = null, clientId, scopes = [...OKTA_SCOPES], settings } = body;
  const { privateJwk } = key;
  return {
    wanted: {
      id: as(id),
      name,
      domain: domain.domain,
      clientId,
      scopes,
      settings: settingsOf(settings),
      privateJwk,
    },
    corrections: [...domain.corrections, ...assumedKid(key, KID_REMEDY)],
  };
}

/** @throws {Problem} `INVALID` */
export async function readConnectionChange(
  sent: unknown,
  current: Connection,
  connections: Pick<ConnectionStore, 'credentials'>,
  rules: RequestRules,
): Promise<{ change: ConnectionChange; corrections: string[] }> {
  const faults = new Faults();
  const body = faults.parse(connectionChange, sent);
  const given = membersOf(sent);
  const isMoved = given['domain'] !== undefined || given['customDomain'] !== undefined;
  const address = { domain: current.domain, ...given };
  const domain = isMoved
    ? readDomain(faults, address, rules, !isOktasOwn(current.domain))
    : { domain: current.domain, corrections: [] };
  checkSettings(faults, given['settings'], rules.now);
  const key = body?.key === undefined ? null : await readChangedKey(body.key);
  faults.throwIfAny();
  if (body === null || domain === null) throw new Error('a request has no fault and no content');
  const { name, clientId, scopes, settings } = body;
  return {
    change: {
      domain: domain.domain,
      ...(name === undefined ? {} : { name }),
      ...(clientId === undefined ? {} : { clientId }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(key === null ? {} : { privateJwk: key.privateJwk }),
      settings: settingsOf(settings),
    },
    corrections: [...domain.corrections, ...(key === null ? [] : assumedKid(key, KID_REMEDY))],
  };

  /** A kid alone is another name for the key that is there. */
  async function readChangedKey(wanted: Parameters<typeof readKey>[1]): Promise<GivenKey | null> {
    const { generate, jwk, pem, kid } = wanted;
    if (generate !== undefined || jwk !== undefined || pem !== undefined) {
      return readKey(faults, wanted, 'key');
    }
    const credentials = await connections.credentials(current.id);
    if (credentials === null) return null;
    return { privateJwk: { ...credentials.privateJwk, kid }, isKidAssumed: false };
  }
}

/** What a body holds, whatever it is: so that other faults are found although its schema refused it. */
function membersOf(sent: unknown): Record<string, unknown> {
  return typeof sent === 'object' && sent !== null ? { ...sent } : {};
}

function readDomain(
  faults: Faults,
  { domain, customDomain }: Record<string, unknown>,
  { isEmbedded }: RequestRules,
  isCustom: boolean,
): { domain: string; corrections: string[] } | null {
  if (typeof domain !== 'string') return null;
  const read = readOktaDomain(domain, {
    customDomain: typeof customDomain === 'boolean' ? customDomain : isCustom,
    loopbackAllowed: isEmbedded,
  });
  if (read.ok) return read;
  if (domain.trim() !== '') faults.add('domain', 'INVALID', read.detail);
  return null;
}

function checkSettings(faults: Faults, settings: unknown, now: number): void {
  const { timeZone, undoWindow } = membersOf(settings);
  if (typeof timeZone === 'string' && timeZone !== '' && !isZone(timeZone)) {
    const detail = 'No such time zone; zones have names like Europe/Berlin';
    faults.add('settings.timeZone', 'ZONE_UNKNOWN', detail);
  }
  if (typeof undoWindow === 'string' && undoWindow.trim() !== '') {
    faults.take('settings.undoWindow', readDuration(undoWindow.trim(), now));
  }
}

function settingsOf(given: ConnectionSettingsGiven = {}): Partial<ConnectionSettings> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
