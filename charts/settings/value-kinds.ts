// Kinds of values in settings.yaml: what each accepts, and what it says, with what was found, when it is something else.
import * as z from 'zod';
import { canonicalNetwork, hasHostBits } from '../networks.js';
import { MEMORY_PATTERN, bytesOf, parseCpu, parseMemory } from '../quantity.js';

/** For editors: a refinement does not reach the JSON Schema. */
const IN_JSON_SCHEMA = { pattern: MEMORY_PATTERN.source, examples: ['300Mi'] };

const quantity = (what: string, isFit: (bytes: number) => boolean) => {
  const error = (issue: { readonly input?: unknown }) => `expected a memory quantity with a unit, such as 300Mi or 300M (${what}), found ${show(issue.input)}`;
  return z.string({ error }).refine((text) => isFit(parseMemory(text) ?? -1), { error }).meta(IN_JSON_SCHEMA);
};

/** RAM of the host, or a part of it. */
export const memory = (what: string) => quantity(what, (bytes) => bytes > 0);

export const memoryOrNone = (what: string) => quantity(what, (bytes) => bytes >= 0);

/** What Kubernetes is given as it is written: it warns of a fraction of a byte, and apply takes warnings for errors. */
export const wholeBytes = (what: string, least = '0Mi') => memory(what)
  .refine((text) => Number.isInteger(parseMemory(text) ?? 0), {
    error: (issue) => `expected a whole number of bytes, such as 300Mi instead of 0.29Gi (${what}), found ${show(issue.input)}`,
  }).refine((text) => (parseMemory(text) ?? Infinity) >= bytesOf(least), { error: (issue) => `expected at least ${least} (${what}), found ${show(issue.input)}` }).meta(IN_JSON_SCHEMA);

export const cpu = z.union([z.string(), z.number()], { error: (issue) => `expected a CPU quantity such as 250m or 0.5, found ${show(issue.input)}` })
  .transform(String)
  .refine((text) => (parseCpu(text) ?? 0) > 0, {
    error: (issue) => `expected a CPU quantity such as 250m or 0.5, found ${show(issue.input)}`,
  });

export const dnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
  error: (issue) => `expected a DNS label (lower case letters, digits and "-", at most 63), found ${show(issue.input)}`,
});

/** A DNS name or an IPv4 address. */
export const hostName = z.string().max(253).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
  error: (issue) => `expected the name or the IPv4 address of a host, found ${show(issue.input)}`,
});

/** Of a Secret, a storage class and most other objects of Kubernetes. */
export const objectName = (what: string) => z.string().max(253).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
  error: (issue) => `expected the name of a ${what} (lower case letters, digits, "-" and "."), found ${show(issue.input)}`,
});

/** The grammar of image references (https://pkg.go.dev/github.com/distribution/reference), of which a tag or a digest may not be left out. */
const NAME = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const DIGEST = '@sha256:[a-f0-9]{64}';
const IMAGE = new RegExp(`^(?:${NAME}(?::[0-9]{1,5})?/)?${NAME}(?:/${NAME})*(?::\\w[\\w.-]{0,127}(?:${DIGEST})?|${DIGEST})$`);

export const image = z.string().regex(IMAGE, {
  error: (issue) => `expected an image with a tag or a digest, or both, such as docker.io/library/postgres:17-alpine or docker.io/library/postgres:17-alpine@sha256:... (64 hexadecimal digits), found ${show(issue.input)}`,
}).refine((name) => !name.endsWith(':latest'), {
  error: () => 'expected a fixed tag or a digest, found "latest", which changes by itself',
});

export const wholeNumber = (least: number, most: number, unit: string) =>
  z.int({ error: (issue) => `expected a whole number of ${unit} from ${least} to ${most}, found ${show(issue.input)}` })
    .min(least, { error: (issue) => `expected a whole number of ${unit} from ${least} to ${most}, found ${show(issue.input)}` })
    .max(most, { error: (issue) => `expected a whole number of ${unit} from ${least} to ${most}, found ${show(issue.input)}` });

export const timeOfDay = z.string({ error: (issue) => `expected a time of day from 00:00 to 23:59, found ${show(issue.input)}` })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: (issue) => `expected a time of day from 00:00 to 23:59, found ${show(issue.input)}` });

export const tcpPort = z.int({ error: (issue) => `expected a TCP port from 1 to 65535, found ${show(issue.input)}` })
  .refine((port) => port >= 1 && port <= 65_535, { error: (issue) => `expected a TCP port from 1 to 65535, found ${show(issue.input)}` });

export const subnet = z.string().refine(isSubnet, { abort: true, error: (issue) => `expected an address or a network such as 10.42.0.0/16, found ${show(issue.input)}` });

function isSubnet(text: string): boolean {
  return [z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()].some((kind) => kind.safeParse(text).success);
}

/** A network as NetworkPolicies take it, in its one accepted form. */
export const network = subnet
  .refine((text) => !hasHostBits(text), { abort: true, error: (issue) => `expected a network whose address ends with its prefix, such as 10.42.0.0/16, found ${show(issue.input)}` })
  .transform(canonicalNetwork);

export const yesOrNo = z.boolean({ error: (issue) => `expected true or false, found ${show(issue.input)}` });

/** A found value as it goes into a message: short, quoted, and hidden where it may hold a password. */
export function show(value: unknown, mayBeSecret = false): string {
  if (value === undefined) return 'nothing';
  if (mayBeSecret) return 'something else (not shown: it may hold a password)';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
