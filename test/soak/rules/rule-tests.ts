// The file that `promtool test rules` takes: series, and which alerts fire when.
import { stringify } from 'yaml';
import type { AlertRule } from '../../../charts/monitoring/rules.js';
import type { SeriesByName } from './simulated-operator.js';

/** That at this time exactly these alerts of a rule fire. */
export interface Expectation {
  readonly minute: number;
  readonly alert: string;
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> }[];
}

export function ruleTest(ruleFile: string, series: SeriesByName, expectations: readonly Expectation[]): string {
  return stringify({
    rule_files: [ruleFile],
    evaluation_interval: '1m',
    tests: [{
      interval: '1m',
      input_series: [...series].map(([name, values]) => ({ series: name, values: write(values) })),
      alert_rule_test: expectations.map(({ minute, alert, fires }) => ({
        eval_time: `${minute}m`, alertname: alert, exp_alerts: fires.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
      })),
    }],
  });
}

/** No alert of any rule at these minutes, but those named. */
export function silence(rules: readonly AlertRule[], minutes: readonly number[], but: readonly string[] = []): Expectation[] {
  return minutes.flatMap((minute) => rules.filter(({ alert }) => !but.includes(alert)).map(({ alert }) => ({ minute, alert, fires: [] })));
}

/** A series that is not there any more is stale at once, as in Prometheus, which would else remember it for five minutes. */
function write(values: readonly (number | undefined)[]): string {
  return Array.from(values, (value, index) => (value ?? (values[index - 1] === undefined ? '_' : 'stale'))).join(' ');
}
