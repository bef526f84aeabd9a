/** The images of the stack: the official name of each, and the folder that makes a local stand-in for it. */

import { join } from 'node:path';

/** A program of the cluster that goes into an image. The folder in the cache that holds it is named after what it was built from. */
export interface BuiltProgram {
  readonly path: string;
}

/** Python's packages of a requirements file in the folder, with their hashes, for the Python of the shared root filesystem. */
export interface PinnedWheels {
  readonly requirements: string;
}

/** A file that a local build needs beside its Containerfile and that is made, downloaded or copied first. */
export type PreparedFile = 'node' | 'pause' | BuiltProgram | PinnedWheels;

export interface ImageEntry {
  /** The name that manifests use, and under which the image is imported. */
  readonly name: string;
  /** Folder with a Containerfile, relative to this one. */
  readonly folder: string;
  /** @default Containerfile */
  readonly file?: string;
  /** Whether the build starts from the shared root filesystem. */
  readonly onRootfs: boolean;
  readonly prepared?: PreparedFile;
  /** Whether a registry has an image of this name. */
  readonly pullable: boolean;
  /** Made locally it is not the program of that name, but something that behaves like it: whoever runs it is to know. */
  readonly isDouble?: true;
}

export const pauseImage = 'localhost/pause:1';

/** DNS is a pod, as on k3s: NetworkPolicies know pods, and a process of the node would pass by them. */
export const corednsImage = 'localhost/coredns:1.14.1';

/** What the node itself starts: without these no pod runs, and none finds another by its name. */
export const nodeImages: readonly string[] = [pauseImage, corednsImage];

/** @param path of the CoreDNS that was built; see ../binaries.ts */
export function corednsEntry(path: string): ImageEntry {
  return { name: corednsImage, folder: 'coredns', onRootfs: false, prepared: { path }, pullable: false };
}

/** As k3s 1.34 to 1.37 have it. */
export const traefikImage = 'localhost/traefik:3.7.13';

/** @param path of the Traefik that was built; see ../https-programs.ts */
export function traefikEntry(path: string): ImageEntry {
  return { name: traefikImage, folder: 'traefik', onRootfs: false, prepared: { path }, pullable: false };
}

export const certManagerImage = 'localhost/cert-manager-controller:1.21.2';
export const acmeSolverImage = 'localhost/cert-manager-acmesolver:1.21.2';

/** @param folder of the programs that were built; see ../https-programs.ts */
export function certManagerEntries(folder: string): ImageEntry[] {
  return [
    { name: certManagerImage, folder: 'cert-manager', onRootfs: false, prepared: { path: join(folder, 'controller') }, pullable: false },
    { name: acmeSolverImage, folder: 'acmesolver', onRootfs: false, prepared: { path: join(folder, 'acmesolver') }, pullable: false },
  ];
}

/** The shell image that local-path-provisioner starts; Debian trixie's busybox is 1.37 as well. */
export const busyboxImage = 'docker.io/library/busybox:1.37';

export const imageCatalog: readonly ImageEntry[] = [
  { name: pauseImage, folder: 'pause', onRootfs: false, prepared: 'pause', pullable: false },
  { name: busyboxImage, folder: 'busybox', onRootfs: true, pullable: true },
  { name: 'docker.io/library/postgres:17-alpine', folder: 'postgres', onRootfs: true, pullable: true },
  { name: 'docker.io/valkey/valkey:8-alpine', folder: 'valkey', onRootfs: true, pullable: true },
  { name: 'docker.io/library/node:24-alpine', folder: 'node', onRootfs: true, prepared: 'node', pullable: true },
  { name: 'docker.io/glitchtip/glitchtip:5.2', folder: '../../test/glitchtip-double', onRootfs: true, pullable: true, isDouble: true },
];

/** GlitchTip of a release that is not the default: no cluster has it until it is asked for. */
export const otherGlitchTips: readonly ImageEntry[] = [{
  name: 'docker.io/glitchtip/glitchtip:6.2.6', folder: '../../test/glitchtip-double', file: 'Containerfile.six', onRootfs: true,
  prepared: { requirements: 'requirements-6.2.txt' }, pullable: true, isDouble: true,
}];
