// The pictures of docs/: what the CLI and the operator really write, of a GlitchTip that is made up.
import { buildBackupReport, type BackupReport } from '../../cli/backup/backup-report.js';
import { renderBackups } from '../../cli/backup/backup-text.js';
import { renderView } from '../../cli/commands/watch-status.js';
import { examine } from '../../cli/doctor/all-checks.js';
import { seen } from '../../cli/doctor/check-result.js';
import { renderFindings } from '../../cli/doctor/findings-table.js';
import type { Paint } from '../../cli/output.js';
import type { PartReport } from '../../cli/part-states.js';
import { renderSummary } from '../../cli/report/status-text.js';
import { buildSummary, type EventReport, type Summary } from '../../cli/report/status-summary.js';
import type { HealthStatus } from '../../operator/api/health-fields.js';
import { buildMessage, type Message } from '../../operator/core/alerts/message-texts.js';
import type { Notification, IncidentSnapshot } from '../../operator/core/alerts/alert-state.js';
import { factsOf, withEnv } from '../../test/unit/cli/doctor/example-facts.js';
import { OUTAGE, WELL } from '../../test/unit/cli/health-scenarios.js';
import { NOW, condition, copied, ready, resource } from '../../test/unit/cli/cli-scenarios.js';
import { drawChat } from './chat.js';
import { drawTerminal } from './svg.js';

const CODES = { green: [32, 39], yellow: [33, 39], red: [31, 39], dim: [2, 22], bold: [1, 22] } as const;
const paint: Paint = (colour, text) => `\x1b[${CODES[colour][0]}m${text}\x1b[${CODES[colour][1]}m`;

const MEBIBYTE = 2 ** 20;

function parts({ figures }: HealthStatus): PartReport[] {
  return (figures?.parts ?? []).map(({ name, restarts, memoryBytes, memoryLimitBytes }) => ({
    part: name, pod: `${name}-0`, ready: true, state: 'ready', restarts,
    memoryUsed: memoryBytes && Math.round(memoryBytes / MEBIBYTE), memoryLimit: memoryLimitBytes && Math.round(memoryLimitBytes / MEBIBYTE),
  }));
}

function summaryOf(health: HealthStatus, events: readonly EventReport[] = []): Summary {
  const conditions = [ready, condition('WorkerHealthy', health.incidents ? 'False' : 'True', health.incidents ? 'WorkerStuck' : 'AllWell', 'The worker takes nothing from the queue.')];
  return buildSummary(resource({ health, conditions }), { parts: parts(health), events });
}

const EVENTS: readonly EventReport[] = [
  { at: '2026-06-01T11:56:30Z', type: 'Warning', reason: 'WorkerStuck', message: 'worker: alive, and has taken nothing from the queue for 60 s' },
  { at: '2026-06-01T11:58:40Z', type: 'Normal', reason: 'Repair', message: 'Deployment worker was restarted.' },
];

const INCIDENT: IncidentSnapshot = {
  id: '20260601T021410Z-1', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', since: '2026-06-01T02:14:10Z',
  message: 'Postgres at postgres:5432 does not answer (ECONNREFUSED): it is scaled to 0.',
  advice: 'kubectl -n errors scale statefulset/postgres --replicas=1', explains: [],
};

/** The one that opens an incident, and the one that says it is over. */
function messages(): Message[] {
  const notification = { id: 'picture', channel: 'telegram', edit: false, attempts: 0, incident: INCIDENT } as const;
  const notifications: readonly Notification[] = [
    { ...notification, event: 'open', at: '2026-06-01T02:14:40Z' },
    { ...notification, event: 'resolved', at: '2026-06-01T02:26:20Z', endedAt: '2026-06-01T02:26:20Z' },
  ];
  return notifications.map((each) => buildMessage(each, { name: 'glitchtip', namespace: 'errors' }, 0));
}

function copies(): BackupReport {
  const dates = ['20260601T023000Z', '20260531T023000Z', '20260530T023000Z', '20260529T023000Z', '20260501T023000Z'];
  const backup = copied({ copies: dates.map((name, index) => ({ name, bytes: 44_000_000 - index * 700_000, damaged: index === 3 })) });
  const report = buildBackupReport(resource({ spec: { backup: { store: 's3' } }, backup }));
  if (report === undefined) throw new Error('the scenario has no backups');
  return report;
}

/** By their files' names. */
export function drawPictures(): Readonly<Record<string, string>> {
  const doctored = factsOf({ alertKeys: seen(['telegram-token', 'telegram-chat']), ...withEnv({ CSRF_TRUSTED_ORIGINS: 'http://localhost:9090' }, { domain: 'https://errors.example.com' }) });
  const view = { value: summaryOf(OUTAGE, EVENTS), seenAt: new Date(NOW.getTime() - 2_000) };
  return {
    'status.svg': drawTerminal('glitchkeeper status', renderSummary(summaryOf(WELL), NOW, paint)),
    'status-watch.svg': drawTerminal('glitchkeeper status --watch', renderView(view, { now: NOW, every: 5, paint })),
    'backups.svg': drawTerminal('glitchkeeper backups', renderBackups(copies(), NOW, paint)),
    'alert.svg': drawChat('an alert, and the message that it is over', messages()),
    'doctor.svg': drawTerminal('glitchkeeper doctor', renderFindings(examine(doctored), paint)),
  };
}
