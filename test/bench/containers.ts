// The container that is each running part, as the cluster's handle wants it named.
import type { ContainerReference } from '../../embedded/index.js';
import type { Stage } from './stage.js';

export interface PartContainer {
  readonly part: string;
  readonly reference: ContainerReference;
}

/** All parts but the migrate Job, which is done. A part's container has the part's name (charts/). */
export async function containersOf({ observe, settings }: Stage): Promise<PartContainer[]> {
  const reports = await observe();
  return reports
    .filter(({ part, pod }) => part !== 'migrate' && pod !== '')
    .map(({ part, pod }) => ({ part, reference: { namespace: settings.namespace, pod, container: part } }));
}
