/** Renders kubeconfig files with the certificates inside, so that each is complete on its own. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ClusterPaths } from './cluster-options.js';

export interface KubeconfigInput {
  /** Name of cluster, user and context. */
  readonly name: string;
  readonly server: string;
  /** PEM texts. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function buildKubeconfig(input: KubeconfigInput): string {
  const { name } = input;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: input.server, 'certificate-authority-data': base64(input.authority) } }],
      users: [{ name, user: { 'client-certificate-data': base64(input.certificate), 'client-key-data': base64(input.key) } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    },
    { lineWidth: 0 },
  );
}

/** Certificates of which a kubeconfig in the `kubeconfigs` folder is made; the administrator's is the instance's own. */
const componentIdentities = ['controller-manager', 'scheduler', 'kubelet', 'kube-proxy', 'netpol', 'local-path-provisioner', 'metrics-server'];

/** Writes the administrator's kubeconfig and one a component, readable by the owner only. */
export async function writeKubeconfigs(paths: ClusterPaths, name: string, server: string): Promise<void> {
  await mkdir(paths.kubeconfigs, { recursive: true, mode: 0o700 });
  const read = (file: string): Promise<string> => readFile(join(paths.pki, file), 'utf8');
  const authority = await read('ca.crt');
  const write = async (identity: string, path: string): Promise<void> => {
    const [certificate, key] = [await read(`${identity}.crt`), await read(`${identity}.key`)];
    await writeFile(path, buildKubeconfig({ name, server, authority, certificate, key }), { mode: 0o600 });
    await chmod(path, 0o600); // an older file keeps its mode when it is written over
  };
  await write('admin', paths.kubeconfig);
  for (const identity of componentIdentities) await write(identity, join(paths.kubeconfigs, `${identity}.yaml`));
}
