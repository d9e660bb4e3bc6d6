// Where a connection may lead, judged at every connect and after the name was resolved: a domain that
// leads into a private network is not called, whatever it led to before. Knows nothing of Okta.
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** Refused before anything was sent. */
export class AddressRefusedError extends Error {
  readonly code = 'ADDRESS_REFUSED';

  constructor() {
    super('the name leads to an address that is not public');
    this.name = 'AddressRefusedError';
  }
}

export interface GuardOptions {
  connectTimeoutMs: number;
  /** Whether plain http to this machine is allowed; to anywhere else it never is. */
  allowLoopback: boolean;
  /** In place of the system's resolver. */
  lookup?: LookupFunction | undefined;
}

type Judge = (address: string) => boolean;

/** Over https, every address of the name must be public; over http, every one this machine's own. */
export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const overHttps = connectorFor(isPublic, options);
  const overHttp = connectorFor((address) => options.allowLoopback && isLoopback(address), options);
  return (target, callback) => {
    const connect = target.protocol === 'https:' ? overHttps : overHttp;
    connect(target, callback);
  };
}

function connectorFor(
  judge: Judge,
  { connectTimeoutMs: timeout, lookup = systemLookup }: GuardOptions,
): buildConnector.connector {
  const connect = buildConnector({ timeout, lookup: judged(judge, lookup) });
  return (target, callback) => {
    // For an address in place of a name, nothing is looked up.
    const refused = isIP(target.hostname) !== 0 && !judge(target.hostname);
    if (refused) callback(new AddressRefusedError(), null);
    else connect(target, callback);
  };
}

/** One address that is none to call spoils the name: which one is tried first is not ours to say. */
function judged(judge: Judge, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === 'string' ? [] : found;
      const [first] = error === null ? addresses : [];
      if (error !== null) callback(error, []);
      else if (first === undefined || !addresses.every(({ address }) => judge(address))) {
        callback(new AddressRefusedError(), []);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** What is not global (IANA IPv4 Special-Purpose Address Registry), multicast and reserved included. */
const SPECIAL_IPV4: readonly (readonly [net: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Parts of the global unicast space that are not global, or that carry another address inside. */
const SPECIAL_IPV6: readonly (readonly [net: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/** Public names lead to IPv4 through a NAT64 as well (RFC 6052), where a network has IPv6 only. */
const NAT64 = '64:ff9b::';

const special = new BlockList();
for (const [net, prefix] of SPECIAL_IPV4) {
  special.addSubnet(net, prefix, 'ipv4');
  special.addSubnet(NAT64 + net, 96 + prefix, 'ipv6');
}
for (const [net, prefix] of SPECIAL_IPV6) special.addSubnet(net, prefix, 'ipv6');

const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');
global.addSubnet(NAT64, 96, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** IPv6 is judged by what is allowed: all else, IPv4 in other clothes too, is not public. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  return isPlainIpv6(address) && global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return loopback.check(address, 'ipv4');
  return isPlainIpv6(address) && loopback.check(address, 'ipv6');
}

/** Without a zone (`fe80::1%eth0`), which only local addresses have. */
function isPlainIpv6(address: string): boolean {
  return isIP(address) === 6 && !address.includes('%');
}
