/**
 * Generated requests to the gateway and to GlitchTip's double, side by side: the same answers, but for a list of differences with their
 * reasons; and what the gateway has taken is what GlitchTip would have taken, and takes when it is given it.
 *
 * GATEWAY_FUZZ_RUNS and GATEWAY_FUZZ_SEED: more, or other, requests. GLITCHTIP_SOURCE: GlitchTip itself in the double's place.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeExchange, differencesOf, type Exchange } from './gateway-fuzz/comparison.js';
import { FuzzStage, LANES } from './gateway-fuzz/fuzz-stage.js';
import { isForgotten, joined, keptEvents, oneByOne, type KeptEvent } from './gateway-fuzz/kept-events.js';
import { KNOWN_DIFFERENCES, type KnownDifference } from './gateway-fuzz/known-differences.js';
import { KNOWN_SCENES, type KnownScene } from './gateway-fuzz/known-scenes.js';
import type { QueuedTask } from './gateway-fuzz/queued-tasks.js';
import { requestPlan } from './gateway-fuzz/request-plan.js';
import { START_MS } from './control-plane.js';

const RUNS = Number(process.env['GATEWAY_FUZZ_RUNS'] ?? 10_800);
/** Of one test on processors that do other things, too. Milliseconds. */
const BOUND = 60_000;
/** Of what is wrong. */
const MOST_SHOWN = 3;
const SEED = Number(process.env['GATEWAY_FUZZ_SEED'] ?? 14);

let stage: FuzzStage;
const shown = new Set<KnownDifference>();
beforeAll(async () => {
  stage = await FuzzStage.open();
}, START_MS);
afterAll(() => stage.close(), START_MS);

/** There is no reason for a 5xx: an SDK loses the event without a word. @throws what differs for no known reason */
function judge(exchange: Exchange): void {
  for (const aspect of differencesOf(exchange)) {
    const known = KNOWN_DIFFERENCES.filter((each) => each.aspect === aspect && exchange.gateway.status < 500 && each.explains(exchange));
    if (known.length === 0) throw new Error(`the ${aspect} differs for no known reason:\n${describeExchange(exchange)}`);
    for (const each of known) shown.add(each);
  }
}

describe('the gateway, beside GlitchTip', () => {
  it(`answers ${RUNS} requests as GlitchTip does, or as the list of differences says`, async () => {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, (_, lane) => fc.assert(
      fc.asyncProperty(requestPlan, async (plan) => judge(await stage.compare(plan, lane))),
      { numRuns: Math.ceil(RUNS / LANES), seed: SEED + lane },
    )));
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
    expect(stage.exchanges.size).toBeGreaterThanOrEqual(RUNS);
    expect(stage.gateway.problems).toEqual([]);
  }, 10 * BOUND);

  it.each(KNOWN_SCENES.map((scene) => [scene.sent, scene] as const))('answers otherwise to this: %s', async (_, { before, request, statuses }) => {
    const answers = async (to: KnownScene['request']) => {
      const rendered = to(stage.project(0));
      return [await stage.toGlitchTip(rendered), await stage.toGateway(rendered)].map(({ status }) => status);
    };
    if (before) expect(await answers(before)).toEqual([403, 403]);
    expect(await answers(request)).toEqual(statuses);
    await stage.forgetBlocks(0);
  }, BOUND);

  it('shows each difference of the list', () => {
    expect(KNOWN_DIFFERENCES.filter((each) => each.canBeShown !== false && !shown.has(each)).map(({ sent }) => sent)).toEqual([]);
  });

  it('has taken each event that GlitchTip took and can store, under the id that it came with', async () => {
    const kept = new Map(stage.gateway.records().flatMap(keptEvents).map((event) => [event.marker, event]));
    const missing = (await stage.queued()).filter((task) => {
      const exchange = exchangeOf(task.marker);
      return exchange !== undefined && task.isStorable && exchange.gateway.status < 300 && !isSame(kept.get(task.marker), task, exchange);
    });
    expect(missing.slice(0, MOST_SHOWN).map((task) => [task, kept.get(task.marker), describeExchange(exchangeOf(task.marker) as Exchange)])).toEqual([]);
  }, BOUND);

  it.each([['one by one', oneByOne], ['together', joined]] as const)('has taken nothing that GlitchTip would not take when it is given it, %s', async (_, compose) => {
    const throttled = new Set(stage.web.projects.throttled.map(({ id }) => id));
    const records = stage.gateway.records().filter(({ header }) => !throttled.has(header.project));
    const requests = compose(records);
    const statuses = await stage.give(requests);
    // A single event is refused at the store endpoint; in an envelope it is read past.
    const refused = requests.flatMap(({ path, body }, index) => ((statuses[index] as number) < 300 || path.endsWith('/store/') ? [] : [`${statuses[index] ?? 0} ${path} ${body.toString()}`]));
    expect(refused.slice(0, MOST_SHOWN)).toEqual([]);
    const queued = new Set((await stage.queued()).map(({ id }) => id));
    const lost = records.flatMap(keptEvents).filter((event) => !queued.has(event.id) && !isForgotten(event));
    expect(lost.slice(0, MOST_SHOWN)).toEqual([]);
  }, 2 * BOUND);
});

function exchangeOf(marker = ''): Exchange | undefined {
  return stage.exchanges.get(Number(/^r(\d+)-/.exec(marker)?.[1]));
}

/** GlitchTip and the gateway make ids where there is none. */
function isSame(kept: KeptEvent | undefined, { type, id }: QueuedTask, { request }: Exchange): boolean {
  const hasId = request.plain.toString('latin1').toLowerCase().replaceAll('-', '').includes(id);
  return kept?.type === type && (kept.id === id || !hasId);
}
