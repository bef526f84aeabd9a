/** Configuration of the container runtime: containerd and the pods' network. */
import { join } from 'node:path';
import { pauseImage } from '../images/catalog.js';
import { nodePodCidr } from '../address.js';
import { containerdSocket, type Layout } from './layout.js';

/**
 * containerd's configuration (version 2, read by 1.x and 2.x). restrict_oom_score_adj: without CAP_SYS_RESOURCE runc
 * cannot lower a score and ends with "can't get final child's PID from pipe: EOF".
 */
export function buildContainerdToml({ settings: { paths }, system }: Layout): string {
  return `version = 2
root = "${join(paths.root, 'containerd')}"
state = "${join(paths.run, 'containerd')}"
[grpc]
  address = "${containerdSocket(paths)}"
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_tcp_service = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${system.cniPlugins}"
    conf_dir = "${join(paths.config, 'cni')}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`;
}

/**
 * The pods' network. ptp gives each pod a veth pair of its own to the node instead of a port on a bridge: packets
 * between pods are then routed, so kube-proxy's rules see them without the br_netfilter module.
 */
export function buildCniConflist({ settings: { paths } }: Layout): string {
  return JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: 'pods',
      plugins: [
        {
          type: 'ptp',
          ipMasq: true,
          ipam: {
            type: 'host-local',
            dataDir: join(paths.run, 'cni-addresses'),
            ranges: [[{ subnet: nodePodCidr }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    },
    null,
    2,
  );
}
