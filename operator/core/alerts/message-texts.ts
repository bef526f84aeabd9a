// What a message says, before any channel gives it a form: title first, then what was found, what to do, and the rest.
import { headline } from './headlines.js';
import type { Notification, IncidentSnapshot } from './alert-state.js';

/** The GlitchTip that a message is about. */
export interface Sender {
  readonly name: string;
  readonly namespace: string;
}

/** A paragraph, with an optional label. Text between backticks is a command. */
export interface Paragraph {
  readonly label?: string;
  readonly text: string;
}

export interface Message {
  readonly title: string;
  readonly paragraphs: readonly Paragraph[];
  /** Sent without a sound. */
  readonly silent: boolean;
}

const MARKS = { critical: '🔴', warning: '🟡', well: '✅', part: '↪️', report: '📋', test: '🔔' };

export function buildMessage(notification: Notification, sender: Sender, dropped: number): Message {
  const { title, paragraphs } = contentOf(notification, sender);
  const lost: Paragraph[] = dropped === 0 ? [] : [{ text: `${counted(dropped, 'older message')} could not be sent in time and ${dropped === 1 ? 'was' : 'were'} dropped.` }];
  return { title, paragraphs: [...paragraphs, ...lost], silent: notification.event === 'report' };
}

export function buildTestMessage(sender: Sender, id: string): Message {
  return {
    title: `${MARKS.test} Test · ${describeSender(sender)}`,
    paragraphs: [{ text: 'Alerts of this GlitchTip arrive here. Nothing is wrong, and there is nothing to do.' }, { text: `Asked for with glitchkeeper alert test (${id}).` }],
    silent: false,
  };
}

type Content = Omit<Message, 'silent'>;

function contentOf({ event, incident, times, endedAt, partOf, report, edit, at }: Notification, sender: Sender): Content {
  if (report) return contentOfReport(report, sender, at);
  if (!incident) return { title: describeSender(sender), paragraphs: [] };
  if (partOf) return contentOfPart(incident, partOf, sender);
  if (event === 'resolved') return contentOfResolved(incident, { endedAt: endedAt ?? at, times }, sender);
  const going = event === 'update' && !edit ? `, for ${formatSpan(Date.parse(at) - Date.parse(incident.since))} now` : '';
  return contentOfIncident(incident, { times, going, seenAt: edit ? at : undefined }, sender);
}

function contentOfIncident(incident: IncidentSnapshot, { times, going, seenAt }: { times?: number; going: string; seenAt?: string }, sender: Sender): Content {
  const { severity, message, advice, explains, healing, since } = incident;
  const comes = times === undefined ? '' : ', again and again';
  return {
    title: `${MARKS[severity]} ${headline(incident)}${comes} · ${describeSender(sender)}`,
    paragraphs: [
      { text: message },
      ...(explains.length === 0 ? [] : [{ label: 'Only because of it', text: `${explains.join('; ')}.` }]),
      { label: 'What to do', text: advice },
      { label: 'The operator', text: healing ?? 'repairs nothing here by itself; it keeps checking.' },
      ...(times === undefined ? [] : [{ text: `It comes and goes, ${counted(times, 'time')} in half an hour. The next message comes when it has stayed away for 15 min.` }]),
      { text: `${severity === 'critical' ? 'Critical' : 'Warning'} since ${formatMoment(since)}${going}${seenAt === undefined ? '' : `, as of ${formatMoment(seenAt)}`}. ${describeIncident(incident)}` },
    ],
  };
}

function contentOfResolved(incident: IncidentSnapshot, { endedAt, times }: { endedAt: string; times?: number }, sender: Sender): Content {
  const span = formatSpan(Date.parse(endedAt) - Date.parse(incident.since));
  const often = times === undefined ? '' : ` It came and went ${counted(times, 'time')}, and has stayed away since.`;
  return {
    title: `${MARKS.well} Over after ${span}: ${lowerFirst(headline(incident))} · ${describeSender(sender)}`,
    paragraphs: [{ text: `From ${formatMoment(incident.since)} to ${formatMoment(endedAt)}.${often}` }, { text: describeIncident(incident) }],
  };
}

function contentOfPart(incident: IncidentSnapshot, whole: IncidentSnapshot, sender: Sender): Content {
  return {
    title: `${MARKS.part} ${headline(incident)}: part of another incident · ${describeSender(sender)}`,
    paragraphs: [{ text: `The cause is: ${lowerFirst(headline(whole))}. It is reported as incident ${whole.id}.` }, { text: describeIncident(incident) }],
  };
}

function contentOfReport({ since, incidents, resolved, repairs, backups }: NonNullable<Notification['report']>, sender: Sender, at: string): Content {
  const span = formatSpan(Date.parse(at) - Date.parse(since));
  const past = resolved === 0 ? `Nothing else in the last ${span}.` : `${counted(resolved, 'incident')} ended in the last ${span}.`;
  return {
    title: `${MARKS.report} ${incidents.length === 0 ? 'All is well' : `${counted(incidents.length, 'incident')} open`} · ${describeSender(sender)}`,
    paragraphs: [
      ...incidents.map((incident) => ({ text: `${MARKS[incident.severity]} ${headline(incident)}, since ${formatMoment(incident.since)}.` })),
      { text: incidents.length === 0 && resolved === 0 ? `And was for the last ${span}.` : past },
      ...(repairs.length === 0 ? [] : [{ label: 'The operator', text: repairs.join(' ') }]),
      ...(backups === undefined ? [] : [{ label: 'Backups', text: backups }]),
    ],
  };
}

function describeIncident({ reason, part, id }: IncidentSnapshot): string {
  return `${reason}, ${part}, incident ${id}.`;
}

/** Name and namespace, once where they are the same. */
function describeSender({ name, namespace }: Sender): string {
  return name === namespace ? name : `${name} in ${namespace}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Names of products and reasons keep their capital. */
function lowerFirst(text: string): string {
  return /^(Postgres|Valkey|Kubernetes)\b/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

/** 2026-06-01 02:14 UTC */
function formatMoment(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Two units at most: 40 s, 12 min, 3 h 5 min, 2 d 4 h. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined([hours, 'h'], [minutes % 60, 'min']);
  return joined([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
}

function joined([large, largeUnit]: readonly [number, string], [small, smallUnit]: readonly [number, string]): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
