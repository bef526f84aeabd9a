// Files for the host that no API server takes: k3s' own configuration. They lie in dist/host/, where `kubectl apply -f dist/` does not look.
import { stringify } from 'yaml';
import { bytesOf, mebibytes } from './quantity.js';
import type { Settings } from './settings.js';

export interface HostFile {
  /** Below dist/. */
  readonly path: string;
  readonly content: string;
}

/** A container's log never exceeds 10 MB x 3 files (row 9 of the review). */
const LOG_SIZE = '10Mi';
const LOG_FILES = 3;
/** Free memory below which the kubelet evicts pods instead of letting the kernel choose among everybody. */
const EVICTION_FREE_MEBIBYTES = 64;

export function hostFiles(settings: Settings): HostFile[] {
  return [
    { path: 'host/k3s-config.yaml', content: k3sConfiguration(settings) },
    { path: 'host/k3s.service.d/10-glitchkeeper.conf', content: systemdDropIn(settings) },
  ];
}

function k3sConfiguration({ host }: Settings): string {
  const controlPlane = mebibytes(bytesOf(host.controlPlane));
  const neighbours = mebibytes(bytesOf(host.neighbours));
  const configuration = {
    'write-kubeconfig-mode': '0600',
    // Nothing public: no load balancer and no ingress listens on the host.
    disable: ['servicelb', 'traefik'],
    'disable-cloud-controller': true,
    'disable-helm-controller': true,
    'kubelet-arg': [
      `container-log-max-size=${LOG_SIZE}`,
      `container-log-max-files=${LOG_FILES}`,
      // What pods may have together is the host's memory less these: the neighbours are not theirs to take.
      `kube-reserved=memory=${controlPlane}Mi`,
      `system-reserved=memory=${neighbours}Mi`,
      `eviction-hard=memory.available<${EVICTION_FREE_MEBIBYTES}Mi,nodefs.available<5%,imagefs.available<5%`,
      'image-gc-high-threshold=80',
      'image-gc-low-threshold=70',
    ],
  };
  return `# k3s on a host of ${host.memory}: install as /etc/rancher/k3s/config.yaml before k3s first starts, or restart k3s after.\n${stringify(configuration)}`;
}

function systemdDropIn({ host }: Settings): string {
  // Soft, and near the whole reserve on purpose: a limit close to the live heap makes the Go runtime collect without end
  // (an API server with a live heap of 120 MiB kept 45 % of a core busy at 150MiB, idle). GOGC=50 is what keeps it small.
  const limit = Math.floor((mebibytes(bytesOf(host.controlPlane)) * 7) / 8);
  return [
    '# Keeps the Go runtime of k3s small: install as /etc/systemd/system/k3s.service.d/10-glitchkeeper.conf, then systemctl daemon-reload.',
    '[Service]',
    `Environment=GOMEMLIMIT=${limit}MiB`,
    'Environment=GOGC=50',
    '',
  ].join('\n');
}
