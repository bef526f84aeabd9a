// The library's configuration as a pod loads it.
import { KubeConfig } from '@kubernetes/client-node';
import { CA_FILE, SERVER, TOKEN_FILE } from './place.js';

export function loadConfiguration(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'cluster', server: SERVER, caFile: CA_FILE, skipTLSVerify: false }, { name: 'user', authProvider: { name: 'tokenFile', config: { tokenFile: TOKEN_FILE } } });
  return config;
}
