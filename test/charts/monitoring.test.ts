// What is made for Prometheus and Grafana: only on request, and no query asks for a metric that the operator does not export.
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SettingsError, checkSettings } from '../../charts/settings/load-settings.js';
import { buildDashboard, dashboardQueries } from '../../charts/monitoring/dashboard.js';
import { Monitoring, wantsMonitoring } from '../../charts/monitoring/monitoring.js';
import { alertRules } from '../../charts/monitoring/rules.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { Metrics } from '../../operator/io/metrics/metrics-registry.js';
import { gatewayAtRest } from '../unit/gateway/control/watched-gateway.js';
import { exportedNames } from '../unit/operator/io/metrics/metrics-series.js';
import { find, render, renderStack } from './synthesize.js';

const ALL = { prometheusRule: true, serviceMonitor: true, grafanaDashboard: true } as const;
const rendered = (monitoring: SettingsInput['monitoring']) => render((scope, settings) => new Monitoring(scope, 'monitoring', settings), { monitoring });
const kinds = (monitoring: SettingsInput['monitoring']): string[] => rendered(monitoring).map(({ kind }) => kind);

/** Names of metrics in a query: what is no function, label, number or string. */
function metricsIn(query: string): string[] {
  const bare = query.replace(/"[^"]*"/g, '').replace(/\{[^}]*\}/g, '').replace(/\b(by|on|without|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-z_]+_[a-z_]+/g)].map(([name]) => name).filter((name) => name !== 'predict_linear' && name !== 'histogram_quantile');
}

describe('nothing is made unless it is asked for', () => {
  it.each<[string, SettingsInput['monitoring'], string[]]>([
    ['by default', undefined, []],
    ['rules', { prometheusRule: true }, ['PrometheusRule']],
    ['what to scrape', { serviceMonitor: true }, ['ServiceMonitor', 'ServiceMonitor']],
    ['the dashboard', { grafanaDashboard: true }, ['ConfigMap']],
    ['all', ALL, ['PrometheusRule', 'ServiceMonitor', 'ServiceMonitor', 'ConfigMap']],
  ])('%s', (_, monitoring, expected) => {
    expect(kinds(monitoring)).toEqual(expected);
    expect(wantsMonitoring(checkSettings({ monitoring }))).toBe(expected.length > 0);
  });

  it.each<[object, string]>([
    [{ prometheusRule: 'yes' }, 'monitoring.prometheusRule: expected true or false, found "yes"'],
    [{ from: ['Monitoring!'] }, 'monitoring.from.0: expected the name of a namespace, found "Monitoring!"'],
    [{ dashboard: true }, 'monitoring.dashboard: expected one of'],
  ])('%j is refused', (monitoring, message) => {
    expect(() => checkSettings({ monitoring })).toThrow(SettingsError);
    expect(() => checkSettings({ monitoring })).toThrow(message);
  });
});

describe('every query asks for metrics that the operator or the gateway exports', () => {
  let exported: string[];
  beforeAll(async () => { exported = [...await exportedNames(new Metrics(() => 0)), ...await exportedNames(gatewayAtRest().metrics)]; });

  it.each(alertRules('glitchtip').map(({ alert, expr }) => [alert, expr]))('rule %s: %s', (_, expr) => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    for (const name of metricsIn(expr)) expect(exported).toContain(name);
  });
  it.each(dashboardQueries().map((query) => [query]))('panel %s', (query) => {
    expect(metricsIn(query).length).toBeGreaterThan(0);
    for (const name of metricsIn(query)) expect(exported).toContain(name);
  });
  it('and is about one namespace', () => {
    for (const { expr } of alertRules('errors')) expect(expr).toContain('namespace="errors"');
    for (const query of dashboardQueries()) expect(query).toContain('namespace="$namespace"');
  });
  it('every figure of health is on the dashboard or in a rule', () => {
    const asked = new Set([...alertRules('glitchtip').map(({ expr }) => expr), ...dashboardQueries()].flatMap(metricsIn));
    const unasked = exported.filter((name) => name.startsWith('glitchkeeper_') && !name.startsWith('glitchkeeper_gateway_') && !/_(bucket|sum)$/.test(name) && !asked.has(name));
    // What they say is in other figures of the same panels.
    expect(unasked.sort()).toEqual(['glitchkeeper_incident_since_timestamp_seconds', 'glitchkeeper_part_ready', 'glitchkeeper_queue_depth', 'glitchkeeper_rotation_history_undone']);
  });
});

describe('a rule', () => {
  const rules = alertRules('glitchtip');
  it('has a name of its own, a severity, a time, words and a runbook that exists', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { for: duration, summary, description, runbook } of rules) {
      expect(duration).toMatch(/^\d+[mh]$/);
      expect(Math.min(summary.length, description.length)).toBeGreaterThan(10);
      expect([runbook, existsSync(runbook)]).toEqual([runbook, true]);
    }
  });
  it('is in the PrometheusRule as Prometheus wants it, with the labels that yours asks for', () => {
    const rule = find(rendered({ ...ALL, labels: { release: 'kube-prometheus-stack' } }), 'PrometheusRule', 'glitchkeeper');
    expect(rule.metadata.labels).toMatchObject({ release: 'kube-prometheus-stack', 'app.kubernetes.io/component': 'operator' });
    const [group] = (rule.spec as unknown as { groups: { rules: object[] }[] }).groups;
    expect(group?.rules[0]).toEqual({
      alert: 'GlitchTipDown', expr: 'glitchkeeper_incident{namespace="glitchtip",severity="critical"} == 1', for: '1m', labels: { severity: 'critical', namespace: 'glitchtip' },
      annotations: { summary: expect.any(String), description: expect.any(String), runbook: 'docs/health.md' },
    });
  });
});

describe('the ServiceMonitor', () => {
  it.each([['glitchkeeper', 'operator', 'metrics'], ['gateway', 'gateway', 'control']])('%s scrapes the port of a Service of the %s', (name, part, port) => {
    expect(find(rendered(ALL), 'ServiceMonitor', name).spec).toEqual({
      selector: { matchLabels: { 'app.kubernetes.io/name': 'glitchtip', 'app.kubernetes.io/component': part } },
      namespaceSelector: { matchNames: ['glitchtip'] }, endpoints: [{ port, path: '/metrics', interval: '30s' }],
    });
  });
  it('finds the gateway by the one Service that has that port', () => {
    const services = renderStack().filter(({ kind, metadata: { labels } }) => kind === 'Service' && labels?.['app.kubernetes.io/component'] === 'gateway');
    expect(services.map(({ metadata, spec }) => [metadata.name, (spec as { ports: { name: string; port: number }[] }).ports])).toEqual([['gateway-control', [expect.objectContaining({ name: 'control', port: 9465 })]]]);
  });
  it('is one where there is no gateway', () => {
    expect(render((scope, settings) => new Monitoring(scope, 'monitoring', settings), { monitoring: ALL, gateway: { enabled: false } }).filter(({ kind }) => kind === 'ServiceMonitor')).toHaveLength(1);
  });
  it.each<[string, string[], Record<string, number>]>([
    ['gets in from the namespaces that are named', ['monitoring'], { 'operator-from-monitoring': 9464, 'gateway-from-monitoring': 9465 }],
    ['gets in from nowhere by default', [], {}],
  ])('%s', (_, from, expected) => {
    const policies = renderStack({ monitoring: { from } }).filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-from-monitoring'));
    expect(policies.map(({ metadata }) => metadata.name).sort()).toEqual(Object.keys(expected).sort());
    for (const { metadata, spec } of policies) {
      expect(spec).toMatchObject({ ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ operator: 'In', values: from }] } }], ports: [{ protocol: 'TCP', port: expected[metadata.name] }] }] });
    }
  });
});

describe('the dashboard', () => {
  const panels = (buildDashboard('glitchtip') as { panels: { id: number; type: string; title: string; gridPos: { x: number; y: number; w: number; h: number } }[] }).panels;
  it('is a ConfigMap that Grafana\'s sidecar finds', () => {
    const map = rendered(ALL).find(({ kind }) => kind === 'ConfigMap');
    expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(JSON.parse(map?.data?.['glitchkeeper.json'] ?? '')).toEqual(JSON.parse(JSON.stringify(buildDashboard('glitchtip'))));
  });
  it('has rows from "is it well" on', () => expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    'Is it well?', 'Events', 'The gateway', 'Memory against limits', 'Postgres', 'Valkey', 'Credentials and rotation', 'Backups', 'Restores', 'Upgrades', 'The move from an old Sentry', 'The operator',
  ]));
  it('has panels that neither overlap nor stick out', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});
