// KubeConfig and Watch.
import { Watch } from '@kubernetes/client-node';
import { loadConfiguration } from './configuration.js';
import { COLLECTION } from './place.js';

void new Watch(loadConfiguration()).watch(COLLECTION, {}, () => undefined, (error: unknown) => {
  console.error(error);
  process.exit(1);
});
