// One line about a load run, for the output, and what a test asks of it.
import { summarize, type LoadReport } from '../../sdk/load.js';
import { seconds } from '../../sdk/statistics.js';
import { printFigure } from './fault-report.js';

export interface LoadCounts {
  readonly sent: number;
  readonly accepted: number;
  readonly losses: Readonly<Record<string, number>>;
}

/** How many were answered 2xx. */
export function acceptedOf({ events }: LoadReport): number {
  return events.filter(({ outcome }) => outcome.kind === 'accepted').length;
}

export function tellLoad(name: string, report: LoadReport): LoadCounts {
  const { sent, accepted, rate, losses, answerP50, answerP99 } = summarize(report);
  const counts = { sent, accepted, losses: Object.fromEntries(losses) };
  printFigure(`${name}: ${sent} sent at ${rate.toFixed(0)}/s, ${accepted} accepted, losses ${JSON.stringify(counts.losses)}, answers p50 ${seconds(answerP50 ?? 0)}, p99 ${seconds(answerP99 ?? 0)}`);
  return counts;
}
