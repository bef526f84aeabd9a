// The objects of a folder of manifests, as they were written.
import { parseAllDocuments } from 'yaml';
import { readManifests } from '../../../charts/manifest-folder.js';

export interface ManifestObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

export function objectsIn(folder: string): ManifestObject[] {
  return parseAllDocuments(readManifests(folder)).map((document) => document.toJS() as ManifestObject);
}
