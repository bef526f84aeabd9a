// The `monitoring` section of settings.yaml: what is made for a Prometheus and a Grafana that you have already.
import * as z from 'zod';

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
const flag = () => z.boolean({ error: (issue) => `expected true or false, found ${show(issue.input)}` }).default(false);
const label = (what: string) => z.string({ error: (issue) => `expected ${what}, found ${show(issue.input)}` }).regex(/^[\w./-]{1,253}$/, { error: (issue) => `expected ${what}, found ${show(issue.input)}` });
const namespace = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: (issue) => `expected the name of a namespace, found ${show(issue.input)}` });

export const monitoringSettings = z.strictObject({
  /** Needs the CRDs of the Prometheus operator, as does serviceMonitor: a cluster without them refuses the manifest. */
  prometheusRule: flag(),
  serviceMonitor: flag(),
  /** A ConfigMap that Grafana's sidecar finds by its label grafana_dashboard. */
  grafanaDashboard: flag(),
  /** Namespaces whose pods may read the operator's metrics. */
  from: z.array(namespace).default([]),
  /** Labels by which your Prometheus chooses rules and monitors, such as release: kube-prometheus-stack. */
  labels: z.record(label('the name of a label'), label('the value of a label, in quotes')).default({}),
}).prefault({});
