// Files for the host that no API server takes: k3s' own configuration. None is called .yaml: `kubectl apply -R`, kustomize and Flux take
// every such file below dist/ for a manifest.
import { stringify } from 'yaml';
import { bytesOf, mebibytes } from './quantity.js';
import type { Settings } from './settings/schema.js';
import { isServedByTraefik, traefikChartConfig } from './traefik.js';

export interface HostFile {
  /** Below dist/. */
  readonly path: string;
  readonly content: string;
}

/** A container's log never exceeds 10 MB x 3 files. */
const LOG_SIZE = '10Mi';
const LOG_FILES = 3;
/** Free memory below which the kubelet evicts pods instead of letting the kernel choose among everybody. */
const EVICTION_FREE_MEBIBYTES = 64;
/**
 * CoreDNS, metrics-server and local-path-provisioner: part of the control plane in the budget, and pods like ours on k3s. Idle they hold
 * less than this together.
 */
const K3S_PODS_MEBIBYTES = 100;
/**
 * How long a node may be silent before its pods count as gone. There is no other node for them: after Kubernetes' own
 * 50 s an API server that was away for a minute leaves every Service without an endpoint for 5-12 s, and web refuses events.
 */
export const NODE_MONITOR_GRACE = '5m';
/** After a shortage of memory no pod of web or worker is placed for so long; Kubernetes' default is 5 minutes. */
export const PRESSURE_REMEMBERED = '1m';

export function hostFiles(settings: Settings): HostFile[] {
  return [
    { path: 'host/k3s.config', content: k3sConfiguration(settings) },
    { path: 'host/k3s.service.d/10-glitchkeeper.conf', content: systemdDropIn(settings) },
    ...(isServedByTraefik(settings) ? [{ path: 'host/traefik.config', content: traefikConfiguration(settings) }] : []),
  ];
}

function k3sConfiguration(settings: Settings): string {
  const { host } = settings;
  // What pods may have together must be what ours may, k3s' own, and what the kubelet wants to see free below that.
  const controlPlane = Math.max(0, mebibytes(bytesOf(host.controlPlane)) - K3S_PODS_MEBIBYTES - EVICTION_FREE_MEBIBYTES);
  const neighbours = mebibytes(bytesOf(host.neighbours));
  const configuration = {
    'write-kubeconfig-mode': '0600',
    ...withoutWaysIn(settings),
    'kube-controller-manager-arg': [`node-monitor-grace-period=${NODE_MONITOR_GRACE}`],
    'kubelet-arg': [
      `container-log-max-size=${LOG_SIZE}`,
      `container-log-max-files=${LOG_FILES}`,
      // What pods may have together is the host's memory less these: the neighbours are not theirs to take.
      `kube-reserved=memory=${controlPlane}Mi`,
      `system-reserved=memory=${neighbours}Mi`,
      `eviction-hard=memory.available<${EVICTION_FREE_MEBIBYTES}Mi,nodefs.available<5%,imagefs.available<5%`,
      `eviction-pressure-transition-period=${PRESSURE_REMEMBERED}`,
      'image-gc-high-threshold=80',
      'image-gc-low-threshold=70',
    ],
  };
  return `# k3s on a host of ${host.memory}: install as /etc/rancher/k3s/config.yaml before k3s first starts, or restart k3s after.\n${stringify(configuration)}`;
}

/** Nothing listens on the host but what the settings ask for. k3s' load balancer is a part of its cloud controller, and its Traefik a Helm chart. */
function withoutWaysIn(settings: Settings): object {
  if (isServedByTraefik(settings)) return {};
  if (settings.service.type === 'LoadBalancer') return { disable: ['traefik'], 'disable-helm-controller': true };
  return { disable: ['servicelb', 'traefik'], 'disable-cloud-controller': true, 'disable-helm-controller': true };
}

function traefikConfiguration(settings: Settings): string {
  const comment = '# How k3s runs its Traefik: install as /var/lib/rancher/k3s/server/manifests/glitchkeeper-traefik.yaml; k3s applies it by itself.';
  return `${comment}\n${stringify(traefikChartConfig(settings, (values) => stringify(values, { lineWidth: 0 })), { lineWidth: 0 })}`;
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
