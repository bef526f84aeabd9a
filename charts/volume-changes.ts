// What of the volume claims differs from the manifests of before: a claim that exists cannot be changed, so apply would refuse it.
import { parse } from 'yaml';
import { CLAIMS } from './part-names.js';

interface Claim {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly storageClassName?: string; readonly resources: { readonly requests: { readonly storage: string } } };
}

/** Where the size of each claim is set. */
const SETTINGS: Readonly<Record<string, string>> = {
  [CLAIMS.postgres]: 'storage.postgres', [CLAIMS.valkey]: 'storage.valkey', [CLAIMS.uploads]: 'storage.uploads', [CLAIMS.spool]: 'gateway.spool',
  [CLAIMS.backups]: 'backup.volume',
};
const REFUSED = 'a volume claim that exists cannot be changed (only a class that can expand volumes takes a larger size), and kubectl apply -f dist/ will fail: docs/runbooks/move-volume.md';

/**
 * One line for each setting that moved. Claims that are new or gone are none.
 * @param before all manifests as text, as is `after`; several documents a file
 */
export function describeVolumeChanges(before: string, after: string): string[] {
  const documents = claimsIn(before);
  const others = claimsIn(after).filter((document) => !documents.includes(document));
  if (others.length === 0) return [];
  const old = new Map(documents.map(readClaim).map((claim) => [claim.metadata.name, claim]));
  const lines = others.map(readClaim).flatMap((claim) => {
    const { name } = claim.metadata;
    const was = old.get(name);
    return was === undefined ? [] : [
      ...changed('storage.className', className(was), className(claim)),
      ...changed(SETTINGS[name] ?? name, size(was), size(claim)),
    ];
  });
  return [...new Set(lines)];
}

/** Each as text. Searched as text, too: expressions take milliseconds for the hundreds of kilobytes of the bundles. */
function claimsIn(text: string): string[] {
  return text.split('\n---\n').filter((document) => document.includes('\nkind: PersistentVolumeClaim\n')).map((document) => document.trim());
}

function readClaim(document: string): Claim {
  return parse(document) as Claim;
}

function changed(setting: string, was: string, is: string): string[] {
  return was === is ? [] : [`${setting}: the volume claim had ${was} and now has ${is}; ${REFUSED}`];
}

function size({ spec }: Claim): string {
  return spec.resources.requests.storage;
}

function className({ spec }: Claim): string {
  return spec.storageClassName ?? "the cluster's default class";
}
