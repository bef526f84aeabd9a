// A Node.js program of ours in a pod: its bundle in ConfigMaps, or in the image that the settings name.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { readAsset } from '../assets.js';
import { CONFIG_HASH, bundleHash } from '../content-hash.js';
import type { Component } from '../part-names.js';
import { LOADER_FILE, PROGRAM_PATH, type Program } from '../programs.js';
import type { Settings } from '../settings/schema.js';
import { partMetadata, projectedFiles } from './pod-template.js';

/** User `node` of the official image. */
export const NODE_USER = { user: 1000, group: 1000 };

/**
 * Of a bundle, in one ConfigMap: `kubectl apply` keeps a copy of the object in an annotation of at most 256 KiB, where base64 makes 3 bytes
 * 4. Of the 192 KiB that these hold, 8 are for the rest of it. Bytes.
 */
export const LARGEST_PIECE = 184 * 1024;

export interface ProgramBundleProps {
  readonly program: Program;
  /** Of the ConfigMaps; the bundle's hash follows, and the number of a further one. */
  readonly name: string;
  readonly component: Component;
}

/** An image has the bundle in it, and a name of its own for each: then there is nothing to mount. */
export class ProgramBundle extends Construct {
  readonly annotations: Record<string, string> | undefined;
  readonly volumes: readonly k8s.Volume[];
  readonly mounts: readonly k8s.VolumeMount[];

  constructor(scope: Construct, id: string, { operator }: Settings, { program, name, component }: ProgramBundleProps) {
    super(scope, id);
    const configMaps = operator.bundle === 'configmap' ? this.addConfigMaps(program, name, component) : undefined;
    this.annotations = configMaps && { [CONFIG_HASH]: configMaps.hash };
    this.volumes = configMaps ? [projectedFiles('bundle', configMaps.names)] : [];
    this.mounts = configMaps ? [{ name: 'bundle', mountPath: PROGRAM_PATH, readOnly: true }] : [];
  }

  /**
   * Another bundle is another ConfigMap: nobody changes what a pod starts with next, and `kubectl rollout undo` finds the former one.
   * A bundle that is larger than one may be is cut into as many as it needs.
   */
  private addConfigMaps({ bundle: file }: Program, prefix: string, component: Component): { readonly names: readonly string[]; readonly hash: string } {
    const bundle = readAsset(file);
    const loader = readAsset(`runtime/${LOADER_FILE}`).toString('utf8');
    const hash = bundleHash(loader, bundle.toString('base64'));
    const names = piecesOf(bundle).map((piece, index) => {
      const [name, key] = index === 0 ? [`${prefix}-${hash}`, file] : [`${prefix}-${hash}-${index + 1}`, `${file}.${index + 1}`];
      new k8s.KubeConfigMap(this, index === 0 ? 'config-map' : `config-map-${index + 1}`, {
        metadata: partMetadata(name, component),
        immutable: true,
        ...(index === 0 ? { data: { [LOADER_FILE]: loader } } : {}),
        binaryData: { [key]: piece.toString('base64') },
      });
      return name;
    });
    return { names, hash };
  }
}

/** @returns at least one, each of at most {@link LARGEST_PIECE} */
export function piecesOf(bundle: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bundle.length / LARGEST_PIECE));
  return Array.from({ length: count }, (_, index) => bundle.subarray(index * LARGEST_PIECE, (index + 1) * LARGEST_PIECE));
}
