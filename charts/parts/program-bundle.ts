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
  /** Of the ConfigMap. */
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
    const isMounted = operator.bundle === 'configmap';
    this.annotations = isMounted ? { [CONFIG_HASH]: this.addConfigMap(program, name, component) } : undefined;
    this.volumes = isMounted ? [configFiles('bundle', name)] : [];
    this.mounts = isMounted ? [{ name: 'bundle', mountPath: PROGRAM_PATH, readOnly: true }] : [];
  }

  /** @returns what changes when the bundle does */
  private addConfigMap({ bundle: file }: Program, name: string, component: Component): string {
    const bundle = readAsset(file).toString('base64');
    const loader = readAsset(`runtime/${LOADER_FILE}`).toString('utf8');
    new k8s.KubeConfigMap(this, 'config-map', {
      metadata: partMetadata(name, component),
      data: { [LOADER_FILE]: loader },
      binaryData: { [file]: bundle },
    });
    return bundleHash(loader, bundle);
  }
}
