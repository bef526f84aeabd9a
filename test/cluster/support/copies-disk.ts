// A small file system over the volume of the copies: it is filled, and Postgres, Valkey and the gateway's spool keep their own.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { CLAIMS } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';
import { onNode } from './volume-store.js';

const SIZE = '64M';
/** Less than any dump. KiB. */
const LEFT = 32;

/** While `act` runs: nearly full, so that a copy does not fit as a whole, until it calls `free`. The pods of later runs mount what is there then. */
export async function withFullCopies(stack: Stack, act: (free: () => Promise<unknown>) => Promise<void>): Promise<void> {
  const volume = await stack.kubectl('get', 'pvc', CLAIMS.backups, '--output', 'jsonpath={.spec.volumeName}');
  const folder = await stack.kubectl('get', 'pv', volume, '--output', 'jsonpath={.spec.hostPath.path}{.spec.local.path}');
  const image = join(stack.cluster.paths.root, 'copies.ext4');
  const inFolder = (script: string) => onNode(stack.cluster, script, { folder });
  await execa('truncate', ['--size', SIZE, image]);
  await execa('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
  // Written by all, as the provisioner makes its folders.
  await inFolder(`mount -o loop '${image}' "$0" && rmdir "$0/lost+found" && chmod 0777 "$0"`);
  try {
    await inFolder(`fallocate --length "$(($(df --block-size=1 --output=avail "$0" | tail -n 1) - ${LEFT * 1_024}))" "$0/ballast"`);
    await act(() => inFolder('rm "$0/ballast"'));
  } finally {
    await inFolder('umount --lazy "$0"');
    await rm(image);
  }
}
