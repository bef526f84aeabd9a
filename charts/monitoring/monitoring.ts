// For a Prometheus and a Grafana that you have already: rules, what to scrape, and a dashboard.
import { ApiObject, JsonPatch } from 'cdk8s';
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { GATEWAY, OPERATOR, labelsOf, selectorOf, type Component } from '../part-names.js';
import { partMetadata } from '../parts/pod-template.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { buildDashboard } from './dashboard.js';
import { ruleGroups } from './rules.js';

/** Kinds of the Prometheus operator. */
const PROMETHEUS_API = 'monitoring.coreos.com/v1';
/** By default Grafana's sidecar takes every ConfigMap with this label. */
const DASHBOARD_LABEL = { grafana_dashboard: '1' };
const SCRAPE_EVERY = '30s';

export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, private readonly settings: Settings) {
    super(scope, id);
    const { prometheusRule, serviceMonitor, grafanaDashboard } = settings.monitoring;
    if (prometheusRule) this.addObject('PrometheusRule', ruleGroups(settings.namespace, settings.health.everySeconds));
    if (serviceMonitor) {
      this.addObject('ServiceMonitor', this.scraped('operator', 'metrics'));
      if (topologyOf(settings).gateway) this.addObject('ServiceMonitor', this.scraped('gateway', 'control'), GATEWAY);
    }
    if (grafanaDashboard) {
      new k8s.KubeConfigMap(this, 'dashboard', {
        metadata: { ...partMetadata('glitchkeeper-dashboard', 'operator'), labels: { ...labelsOf('operator'), ...DASHBOARD_LABEL } },
        data: { 'glitchkeeper.json': `${JSON.stringify(buildDashboard(settings.namespace), null, 1)}\n` },
      });
    }
  }

  /** The job is the Service's name, whatever the monitor is called. @param port its name in that Service */
  private scraped(part: Component, port: string): object {
    return {
      selector: { matchLabels: selectorOf(part) },
      namespaceSelector: { matchNames: [this.settings.namespace] },
      endpoints: [{ port, path: '/metrics', interval: SCRAPE_EVERY }],
    };
  }

  private addObject(kind: string, spec: object, name = OPERATOR): void {
    const object = new ApiObject(this, `${kind}-${name}`, {
      apiVersion: PROMETHEUS_API, kind,
      metadata: { name, labels: { ...labelsOf('operator'), ...this.settings.monitoring.labels } },
    });
    object.addJsonPatch(JsonPatch.add('/spec', spec));
  }
}

/** Whether there is anything to write. */
export function wantsMonitoring({ monitoring: { prometheusRule, serviceMonitor, grafanaDashboard } }: Settings): boolean {
  return prometheusRule || serviceMonitor || grafanaDashboard;
}
