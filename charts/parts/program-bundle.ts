// A Node.js program of ours in a pod: its bundle in a ConfigMap, or in the image that the settings name.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { readAsset } from '../assets.js';
import { CONFIG_HASH, bundleHash } from '../content-hash.js';
import type { Component } from '../part-names.js';
import { LOADER_FILE, PROGRAM_PATH, type Program } from '../programs.js';
import type { Settings } from '../settings/schema.js';
import { configFiles, partMetadata } from './pod-template.js';

/** User `node` of the official image. */
export const NODE_USER = { user: 1000, group: 1000 };

export interface ProgramBundleProps {
  readonly program: Program;
  /** Of the ConfigMap; the bundle's hash follows. */
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
    const configMap = operator.bundle === 'configmap' ? this.addConfigMap(program, name, component) : undefined;
    this.annotations = configMap && { [CONFIG_HASH]: configMap.hash };
    this.volumes = configMap ? [configFiles('bundle', configMap.name)] : [];
    this.mounts = configMap ? [{ name: 'bundle', mountPath: PROGRAM_PATH, readOnly: true }] : [];
  }

  /** Another bundle is another ConfigMap: nobody changes what a pod starts with next, and `kubectl rollout undo` finds the former one. */
  private addConfigMap({ bundle: file }: Program, prefix: string, component: Component): { readonly name: string; readonly hash: string } {
    const bundle = readAsset(file).toString('base64');
    const loader = readAsset(`runtime/${LOADER_FILE}`).toString('utf8');
    const hash = bundleHash(loader, bundle);
    const name = `${prefix}-${hash}`;
    new k8s.KubeConfigMap(this, 'config-map', {
      metadata: partMetadata(name, component),
      immutable: true,
      data: { [LOADER_FILE]: loader },
      binaryData: { [file]: bundle },
    });
    return { name, hash };
  }
}
