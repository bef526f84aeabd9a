// The address of a server in settings.yaml (of the bucket, of the old Sentry): what is wrong with it, and whether our pods would reach it.
import { internet, reaches, type IpBlock } from '../networks.js';
import { show } from './value-kinds.js';

const EXAMPLE = 'https://s3.eu-central-1.amazonaws.com';

/** Undefined: nothing. Never repeats a password that is in it. */
export function faultOfEndpoint(text: string, example = EXAMPLE): string | undefined {
  const expected = `expected the URL of the server, such as ${example}`;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return `${expected}, found ${show(text, text.includes('@'))}`;
  const { username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') return `${expected}, without credentials: they belong into a Secret; found ${show(text, true)}`;
  if (search !== '' || hash !== '') return `${expected}, without "?" and "#", found ${show(text)}`;
  return /^(localhost|127\..*|\[::1\])$/.test(new URL(text).hostname) ? `${expected}, at an address that pods reach; found ${show(text)}, which is to a pod the pod itself` : undefined;
}

export interface BucketPlace {
  readonly bucket?: string | undefined;
  readonly style: 'path' | 'host';
  readonly privateNetworks: readonly string[];
}

export interface PlaceFault {
  /** Of the setting, within its section. */
  readonly path: 'style' | 'privateNetworks';
  readonly message: string;
}

/** What the parts of an address say against each other. */
export function faultOfReach({ hostname, protocol }: URL, { bucket, style, privateNetworks }: BucketPlace): PlaceFault | undefined {
  const address = addressOf(hostname);
  if (style === 'host' && address !== undefined) return { path: 'style', message: `expected path with an address instead of a name (${address}), found host` };
  // One certificate is for names of one label before the server's.
  if (style === 'host' && protocol === 'https:' && bucket?.includes('.')) return { path: 'style', message: `expected path with https and a bucket with dots in its name (${bucket}), whose certificate is not for such a host; found host` };
  if (address === undefined || reaches(storeNetworks(privateNetworks), address)) return undefined;
  const found = privateNetworks.length === 0 ? 'none, and so the internet' : privateNetworks.join(', ');
  return { path: 'privateNetworks', message: `expected a network that the endpoint ${address} is in, found ${found}` };
}

/** What our pods are let out to: where private networks are named, to these alone. @param less networks that are no part of the internet, though public */
export function storeNetworks(privateNetworks: readonly string[], less: readonly string[] = []): IpBlock[] {
  return privateNetworks.length > 0 ? privateNetworks.map((cidr) => ({ cidr })) : internet(less);
}

/** Undefined: a name. */
function addressOf(hostname: string): string | undefined {
  return /^[\d.]+$|^\[.*\]$/.test(hostname) ? hostname.replace(/^\[|\]$/g, '') : undefined;
}
