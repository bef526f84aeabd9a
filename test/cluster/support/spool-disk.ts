// A small file system over the gateway's volume: it is filled to its last byte, and Postgres and Valkey keep their own.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { CLAIMS } from '../../../charts/part-names.js';
import { rollGateway } from './gateway-pods.js';
import { spoolEmpty } from './spool.js';
import type { Stack } from './stack.js';
import { fillVolumes, freeVolumes, onNode } from './volume-store.js';

/** Far less than gateway.spool, which nothing holds a local volume to. */
const SIZE = '80M';

export class SpoolDisk {
  private constructor(private readonly stack: Stack, private readonly folder: string, private readonly image: string) {}

  /** Resolves when the gateway has its spool on it. */
  static async mount(stack: Stack): Promise<SpoolDisk> {
    const volume = await stack.kubectl('get', 'pvc', CLAIMS.spool, '--output', 'jsonpath={.spec.volumeName}');
    const folder = await stack.kubectl('get', 'pv', volume, '--output', 'jsonpath={.spec.hostPath.path}{.spec.local.path}');
    const disk = new SpoolDisk(stack, folder, join(stack.cluster.paths.root, 'spool.ext4'));
    await execa('truncate', ['--size', SIZE, disk.image]);
    await execa('mkfs.ext4', ['-q', '-F', '-m', '0', disk.image]);
    await spoolEmpty(stack);
    // Written by all, as the provisioner makes its folders. What only root may read was never there.
    await onNode(stack.cluster, `mount -o loop '${disk.image}' "$0" && rmdir "$0/lost+found" && chmod 0777 "$0"`, { folder });
    await rollGateway(stack);
    return disk;
  }

  fill(): Promise<void> {
    return fillVolumes(this.stack.cluster, this.folder);
  }

  free(): Promise<void> {
    return freeVolumes(this.stack.cluster, this.folder);
  }

  /** Resolves when the gateway has its volume again. */
  async unmount(): Promise<void> {
    await spoolEmpty(this.stack);
    await onNode(this.stack.cluster, 'umount --lazy "$0"', { folder: this.folder });
    await rollGateway(this.stack);
    await rm(this.image);
  }
}
