// Gauges that are read from what is known of each resource: a table of them, and how a table becomes metrics.
import { Gauge, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
export type Series = readonly (readonly [Labels, number])[];

/** One gauge of a table: what a resource's `T` says, by its labels besides the resource. */
export interface ResourceGauge<T> {
  readonly name: string;
  readonly help: string;
  /** Besides `resource`. @default none */
  readonly labelNames?: readonly string[];
  readonly read: (known: T) => Series;
}

/** Rendered anew for each scrape, so that no series outlives its resource. */
export function addResourceGauges<T>(registers: Registry[], gauges: readonly ResourceGauge<T>[], known: ReadonlyMap<string, T>): void {
  for (const { name, help, labelNames = [], read } of gauges) {
    new Gauge({
      name, help, labelNames: ['resource', ...labelNames], registers,
      collect() {
        this.reset();
        for (const [resource, one] of known) {
          for (const [labels, value] of read(one)) this.set({ resource, ...labels }, value);
        }
      },
    });
  }
}

/** What is not known has no series: a zero would be a figure. */
export function value(known: number | undefined, labels: Labels = {}): Series {
  return known === undefined ? [] : [[labels, known]];
}

/** An RFC 3339 instant as Prometheus has it: seconds since 1970. */
export function timestamp(instant: string | undefined, labels: Labels = {}): Series {
  return instant === undefined ? [] : [[labels, Date.parse(instant) / 1_000]];
}
