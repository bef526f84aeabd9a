/** The argument list of every process of the node, and the order in which they start. */
import { join } from 'node:path';
import { NODE_MONITOR_GRACE } from '../../charts/host-files.js';
import { busyboxImage } from '../images/catalog.js';
import { podCidr, serviceCidr } from '../address.js';
import { localPathNamespace, metricsServerPort } from './addons.js';
import { addonsReadyFile, apiReadyFile, containerdSocket, type Layout } from './layout.js';

/** One process, as go/init reads it. A component with waitTcp, waitUnix or waitFile starts when that answers or exists. */
export interface Component {
  readonly name: string;
  readonly argv: readonly string[];
  readonly log: string;
  readonly waitTcp?: string;
  readonly waitUnix?: string;
  readonly waitFile?: string;
}

/**
 * Small heaps: the control plane shares 1.9 GiB with the pods. Collections come twice as often as by default.
 * The limit stands well above the API server's live heap of about 120 MiB: at 150MiB it collected three times a second
 * and kept 45 % of a core busy, idle (process_cpu_seconds_total, go_gc_duration_seconds_count).
 */
export const goEnvironment = ['GOMEMLIMIT=250MiB', 'GOGC=50'];

const etcdAddress = '127.0.0.1:2379';

function etcd({ binaries, settings }: Layout): string[] {
  const { resource, paths } = settings;
  return [
    binaries.etcd,
    `--name=${resource}`,
    `--data-dir=${join(paths.root, 'etcd')}`,
    `--listen-client-urls=http://${etcdAddress}`,
    `--advertise-client-urls=http://${etcdAddress}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    `--initial-cluster=${resource}=http://127.0.0.1:2380`,
    // A killed process loses nothing by it; only a machine that loses power does.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function audit({ settings }: Layout): string[] {
  if (settings.audit === undefined) return [];
  return [`--audit-log-path=${settings.audit}`, `--audit-policy-file=${join(settings.paths.config, 'audit-policy.yaml')}`, '--audit-log-mode=blocking-strict'];
}

function apiserver(layout: Layout): string[] {
  const { binaries, network, settings } = layout;
  const pki = (file: string): string => join(settings.paths.pki, file);
  return [
    binaries.apiserver,
    `--etcd-servers=http://${etcdAddress}`,
    `--bind-address=${network.nodeAddress}`,
    `--advertise-address=${network.nodeAddress}`,
    '--secure-port=6443',
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--service-account-key-file=${pki('sa.pub')}`,
    `--service-account-signing-key-file=${pki('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-cluster-ip-range=${serviceCidr}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction,ResourceQuota',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
    `--kubelet-certificate-authority=${pki('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
    '--profiling=false',
    ...audit(layout),
  ];
}

function controllerManager({ binaries, settings: { paths } }: Layout): string[] {
  const kubeconfig = join(paths.kubeconfigs, 'controller-manager.yaml');
  return [
    binaries.controllerManager,
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--service-account-private-key-file=${join(paths.pki, 'sa.key')}`,
    `--root-ca-file=${join(paths.pki, 'ca.crt')}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
    `--node-monitor-grace-period=${NODE_MONITOR_GRACE}`,
    // It greets the API server for each of its controllers; at 20 requests a second the first pod waited 4 s for that.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    `--cluster-cidr=${podCidr}`,
    '--profiling=false',
  ];
}

function scheduler({ binaries, settings: { paths } }: Layout): string[] {
  const kubeconfig = join(paths.kubeconfigs, 'scheduler.yaml');
  return [
    binaries.scheduler,
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--profiling=false',
  ];
}

function kubelet({ binaries, settings: { paths, resource }, network }: Layout): string[] {
  return [
    binaries.kubelet,
    `--config=${join(paths.config, 'kubelet.yaml')}`,
    `--kubeconfig=${join(paths.kubeconfigs, 'kubelet.yaml')}`,
    `--hostname-override=${resource}`,
    `--node-ip=${network.nodeAddress}`,
    `--root-dir=${join(paths.root, 'kubelet')}`,
  ];
}

function proxy({ binaries, settings: { paths, resource } }: Layout): string[] {
  return [
    binaries.proxy,
    `--kubeconfig=${join(paths.kubeconfigs, 'kube-proxy.yaml')}`,
    // A table of its own: netpol saves iptables' filter table and writes it back, and what kube-proxy changed in between would be undone.
    '--proxy-mode=nftables',
    `--hostname-override=${resource}`,
    `--cluster-cidr=${podCidr}`,
    // These would write sysctls of the whole machine.
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
  ];
}

/** Its log says how long each synchronization took. */
function netpol({ binaries, settings: { paths, resource } }: Layout): string[] {
  return [binaries.netpol, `--kubeconfig=${join(paths.kubeconfigs, 'netpol.yaml')}`, `--node=${resource}`, `--services=${serviceCidr}`, '--v=1'];
}

function localPath({ binaries, settings: { paths } }: Layout): string[] {
  return [
    binaries.localPath,
    'start',
    `--config=${join(paths.config, 'local-path.json')}`,
    `--kubeconfig=${join(paths.kubeconfigs, 'local-path-provisioner.yaml')}`,
    `--namespace=${localPathNamespace}`,
    `--helper-image=${busyboxImage}`,
    '--service-account-name=helper',
    `--helper-pod-file=${join(paths.config, 'helper-pod.yaml')}`,
  ];
}

function metricsServer({ binaries, settings: { paths }, network }: Layout): string[] {
  const kubeconfig = join(paths.kubeconfigs, 'metrics-server.yaml');
  return [
    binaries.metricsServer,
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${network.nodeAddress}`,
    `--secure-port=${metricsServerPort}`,
    `--tls-cert-file=${join(paths.pki, 'metrics-server.crt')}`,
    `--tls-private-key-file=${join(paths.pki, 'metrics-server.key')}`,
    `--kubelet-certificate-authority=${join(paths.pki, 'ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--kubelet-use-node-status-port',
    '--metric-resolution=10s',
    '--kubelet-request-timeout=8s',
  ];
}

/** Every process, in starting order. */
export function buildComponents(layout: Layout): readonly Component[] {
  const { settings, network, system } = layout;
  const { paths } = settings;
  const api = { waitFile: apiReadyFile(paths) };
  const addons = { waitFile: addonsReadyFile(paths) };
  const component = (name: string, argv: readonly string[], wait: Pick<Component, 'waitTcp' | 'waitUnix' | 'waitFile'> = {}): Component => {
    return { name, argv, log: join(paths.log, `${name}.log`), ...wait };
  };
  return [
    component('etcd', etcd(layout)),
    component('containerd', [system.containerd, '--config', join(paths.config, 'containerd.toml')]),
    component('kube-apiserver', apiserver(layout), { waitTcp: etcdAddress }),
    component('kube-controller-manager', controllerManager(layout), api),
    component('kube-scheduler', scheduler(layout), api),
    // It ends at once where there is no container runtime, and on a busy machine the API server may be faster.
    component('kubelet', kubelet(layout), { waitTcp: `${network.nodeAddress}:6443`, waitUnix: containerdSocket(paths) }),
    component('kube-proxy', proxy(layout), api),
    ...(layout.policiesLack === undefined ? [component('netpol', netpol(layout), addons)] : []),
    component('local-path-provisioner', localPath(layout), addons),
    component('metrics-server', metricsServer(layout), addons),
  ];
}
