// Soak: the ways of https that the others have not: a certificate that Traefik renews by itself, and a Cloudflare Tunnel, by a stand-in.
import { describeHttpsRenewed } from '../cluster/pods/https-renewed.js';
import { describeTunnel } from '../cluster/pods/https-tunnel.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: https, other ways', 'soak-https-ways', {
  onInstalled(installed) {
    describeHttpsRenewed(installed);
    describeTunnel(installed);
  },
});
