// A short hash of what pods read only once, apart from the constructs: the CLI compares it without loading cdk8s.
import { createHash } from 'node:crypto';

/** Eight characters that change with the content: in a pod template, a new configuration rolls the pods. */
export function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 8);
}

/** Of the operator's bundle as its ConfigMap has it. @param bundle in base64 */
export function bundleHash(loader: string, bundle: string): string {
  return contentHash(loader + bundle);
}

/** Annotation of a pod template: hash of the configuration that its pods read only once. */
export const CONFIG_HASH = 'glitchkeeper.io/config-hash';
