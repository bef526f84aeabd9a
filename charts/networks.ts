// Networks in CIDR notation: what lies in what, and those that are not the internet.

/** Private networks (RFC 1918), and what providers share among their customers (RFC 6598). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];
/** Link-local; cloud providers keep credentials of the machine there. */
export const LINK_LOCAL = '169.254.0.0/16';
/** Where AWS keeps them in IPv6: link-local addresses are not routed, this one is. */
export const METADATA_V6 = 'fd00:ec2::254/128';
export const ANYWHERE_V4 = '0.0.0.0/0';
export const ANYWHERE_V6 = '::/0';
/** All of IPv6 that is the internet; private (fc00::/7) and link-local addresses lie outside. */
const INTERNET_V6 = '2000::/3';

/** `cidr` less `except`, as a NetworkPolicy writes it. */
export interface IpBlock {
  readonly cidr: string;
  readonly except?: string[];
}

/** The internet in IPv4 and IPv6, less these networks, which may lie outside of it. */
export function internet(less: readonly string[]): IpBlock[] {
  return [block(ANYWHERE_V4, [...PRIVATE, LINK_LOCAL, ...less]), block(INTERNET_V6, less)];
}

/** A network less those of `less` that lie in it. */
export function block(cidr: string, less: readonly string[]): IpBlock {
  const inside = less.filter((each) => each !== cidr && contains(cidr, each));
  // One that lies in another adds nothing.
  const except = inside.filter((each, index) => !inside.some((other, place) => (other === each ? place < index : contains(other, each))));
  return except.length === 0 ? { cidr } : { cidr, except };
}

/** Whether an address is in one of the blocks. */
export function reaches(blocks: readonly IpBlock[], address: string): boolean {
  return blocks.some(({ cidr, except = [] }) => contains(cidr, address) && !except.some((each) => contains(each, address)));
}

/** Whether all of `inner` lies in `outer`; a network lies in itself. */
export function contains(outer: string, inner: string): boolean {
  const [one, other] = [parse(outer), parse(inner)];
  return one.width === other.width && one.prefix <= other.prefix && one.address >> BigInt(one.width - one.prefix) === other.address >> BigInt(one.width - one.prefix);
}

/** With its prefix, and IPv6 as RFC 5952 writes it: the API server warns of every other form. An address is a network of one. */
export function canonicalNetwork(text: string): string {
  const [address = '', prefix] = text.split('/');
  const isV6 = address.includes(':');
  // A URL's host is written so.
  return `${isV6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address}/${prefix ?? (isV6 ? 128 : 32)}`;
}

/** Whether bits are set beyond the prefix: whoever writes 10.42.7.0/16 means another network. */
export function hasHostBits(network: string): boolean {
  const { address, prefix, width } = parse(network);
  return (address & ((1n << BigInt(width - prefix)) - 1n)) !== 0n;
}

interface Parsed {
  readonly address: bigint;
  readonly prefix: number;
  /** Bits of an address: 32 or 128. */
  readonly width: number;
}

function parse(text: string): Parsed {
  const [address = '', prefix] = canonicalNetwork(text).split('/');
  return address.includes(':')
    ? { address: groups(address), prefix: Number(prefix), width: 128 }
    : { address: address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n), prefix: Number(prefix), width: 32 };
}

/** An IPv6 address as a URL's host writes it: hexadecimal groups, the longest run of zeros left out. */
function groups(address: string): bigint {
  const [left = '', right] = address.split('::');
  const parts = (text = '') => (text === '' ? [] : text.split(':'));
  const zeros = Array<string>(Math.max(0, 8 - parts(left).length - parts(right).length)).fill('0');
  return [...parts(left), ...zeros, ...parts(right)].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
}
