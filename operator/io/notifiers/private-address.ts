// Without TLS everybody on the way reads a message, and the token in its address. So such a message goes to a private address, or nowhere.
import { lookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/** Loopback, private and shared by a provider's customers (RFC 1122, 1918, 6598); the same in IPv6 (RFC 4291, 4193). */
const PRIVATE = new BlockList();
for (const [network, prefix] of [['127.0.0.0', 8], ['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['::1', 128], ['fc00::', 7]] as const) {
  PRIVATE.addSubnet(network, prefix, familyOf(network));
}

/** The code of the error that {@link lookupPrivate} ends with. */
export const PUBLIC_ADDRESS = 'PUBLIC_ADDRESS';

export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** dns.lookup, but that a name with a public address fails: what it leads to is known when the connection is made, and not before. */
export const lookupPrivate: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, address, family) => {
    const found = typeof address === 'string' ? [address] : (address as { readonly address: string }[] | undefined ?? []).map((each) => each.address);
    callback(error ?? (found.every(isPrivateAddress) ? null : publicAddress()), address, family);
  });
};

/** @throws Error with that code when the host of a URL is a public address; a name is looked at by {@link lookupPrivate} */
export function refusePublicLiteral({ hostname }: URL): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPrivateAddress(address)) throw publicAddress();
}

function publicAddress(): Error {
  return Object.assign(new Error('a public address'), { code: PUBLIC_ADDRESS });
}
