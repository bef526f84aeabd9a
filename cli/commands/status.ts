// `glitchkeeper status`: is it well, what is it doing, and when are the credentials next?
import { Failure } from '../failure.js';
import { parseMetrics, parsePods, reportParts } from '../part-states.js';
import { renderSummary } from '../report/status-text.js';
import { EXIT_CODES, buildSummary, parseEvents, shownParts, type EventReport, type Summary } from '../report/status-summary.js';
import { ask, readResource, type Place } from '../glitchtip-resource-access.js';
import { KIND } from '../../operator/api/object-names.js';
import type { Context, ExitCode } from './command-context.js';

export async function status({ place, output }: Context): Promise<ExitCode> {
  const summary = await readSummary(place);
  if (output.json) output.printJson(summary);
  else output.print(renderSummary(summary, new Date(), output.paint));
  return EXIT_CODES[summary.verdict];
}

/** @throws Failure when the resource or its pods cannot be read */
export async function readSummary(place: Place): Promise<Summary> {
  // First, and alone: what is missing is reported once and not by four calls.
  const resource = await readResource(place);
  const [pods, metrics, events] = await Promise.all([
    ask(place, 'get', 'pods', '--output', 'json').then(parsePods),
    // Clusters without metrics-server are fine: then there is no memory to show.
    orNothing(ask(place, 'get', '--raw', `/apis/metrics.k8s.io/v1beta1/namespaces/${place.namespace}/pods`)),
    readEvents(place),
  ]);
  const parts = reportParts(shownParts(resource, pods), pods, parseMetrics(metrics ?? ''));
  return buildSummary(resource, { parts, events });
}

async function readEvents(place: Place): Promise<EventReport[] | undefined> {
  const json = await orNothing(ask(place, 'get', 'events', '--field-selector', `involvedObject.kind=${KIND},involvedObject.name=${place.name}`, '--output', 'json'));
  return json === undefined ? undefined : parseEvents(json);
}

async function orNothing(text: Promise<string>): Promise<string | undefined> {
  try {
    return await text;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
