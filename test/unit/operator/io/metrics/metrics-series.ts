// Reads what the operator or the gateway serves at /metrics.
import type { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';

type Served = Pick<Metrics, 'render'>;

/** The lines of one metric, without its help and type. */
export async function seriesOf(metrics: Served, name: string): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

/** Every name that can be asked for: a histogram's three, too. */
export async function exportedNames(metrics: Served): Promise<string[]> {
  const { body } = await metrics.render();
  return [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]);
}
