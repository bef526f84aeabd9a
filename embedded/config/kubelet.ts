/** Configuration of the kubelet. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PRESSURE_REMEMBERED } from '../../charts/host-files.js';
import { dnsServiceAddress } from '../address.js';
import { containerdSocket, type Layout } from './layout.js';

/** The kubelet's file. Numbers that the product sets on k3s as well (log rotation) are the product's. */
export function buildKubeletYaml({ settings, network }: Layout): string {
  const { paths, reservedBytes } = settings;
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(paths.pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(paths.pki, 'kubelet.crt'),
    tlsPrivateKeyFile: join(paths.pki, 'kubelet.key'),
    containerRuntimeEndpoint: `unix://${containerdSocket(paths)}`,
    cgroupDriver: 'cgroupfs',
    failSwapOn: false,
    clusterDNS: [dnsServiceAddress],
    clusterDomain: 'cluster.local',
    resolvConf: join(paths.config, 'resolv.conf'),
    podLogsDir: join(paths.root, 'podlogs'),
    volumePluginDir: join(paths.root, 'volume-plugins'),
    // As the host files ask of k3s: 10 MB x 3 files a container.
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 3,
    containerLogMonitorInterval: '10s',
    kubeReserved: { memory: String(reservedBytes) },
    // memory.available is measured over the node's own cgroup (go/init/cgroups.go), as it would be on a real host.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'nodefs.inodesFree': '1%', 'imagefs.available': '1%' },
    evictionPressureTransitionPeriod: PRESSURE_REMEMBERED,
    // Images were imported and cannot be pulled again: none may be collected.
    imageGCHighThresholdPercent: 100,
    imageMinimumGCAge: '8760h',
    nodeStatusUpdateFrequency: '5s',
    maxPods: 60,
  });
}
