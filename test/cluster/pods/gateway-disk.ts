// The gateway's disk: it fills and a person is told, it is full and SDKs are told to wait, it has room again and nobody has to do anything: a part of the soak.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadReport, SentEvent } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { rollGateway, whileHeld } from '../support/gateway-pods.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { SpoolDisk } from '../support/spool-disk.js';
import { spoolEmpty } from '../support/spool.js';
import { SMALL_SPOOL } from './gateway-disturbed.js';
import { RATE } from './gateway.js';
import type { Installed } from './on-pods.js';

/** Events so large that a disk is full of a few hundred. */
const LARGE = { rate: 20, bytes: 100_000 };
/** The disk has room again, and what was under way then may be refused still. Milliseconds. */
const AGAIN_MS = 1_000;

/** @param reports collects runs: what they sent has to be stored in the end */
export function describeGatewayDisk({ stack, dsn, alerts }: Installed, reports: LoadReport[]): void {
  describe("the gateway's disk", () => {
    let baseUrl = '';
    beforeAll(async () => {
      await stack.ready();
      baseUrl = await stack.baseUrl();
    }, 240_000);
    const send = async (what: string, load: { readonly rate: number; readonly seconds: number; readonly bytes?: number }) => {
      const report = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, ...load }).report;
      reports.push(report);
      return tellLoad(what, report);
    };
    const kinds = ({ losses }: { readonly losses: Readonly<Record<string, number>> }) => Object.keys(losses);

    it('that fills is told before an event is refused (SpoolFilling); full, it answers 429 and nothing else, and takes events again when GlitchTip does', async () => {
      await rollGateway(stack, 'set', 'env', 'deployment/gateway', `SPOOL_SIZE=${SMALL_SPOOL}`);
      await spoolEmpty(stack);
      const since = Date.now();
      const { told, half, full } = await whileHeld(stack, 'the spool is filled by a test', async () => {
        const half = await send('more than half of the spool', { ...LARGE, seconds: 5 });
        const told = await alerts().opened({ reason: 'SpoolFilling', part: 'gateway' }, since);
        return { half, told, full: await send('more than the rest of it', { ...LARGE, seconds: 10 }) };
      });
      const heldUntil = Date.now();
      recordMeasurement({ what: 'SpoolFilling told, after the spool was half full', value: Math.round(told.seconds), unit: 's' });
      expect({ half: kinds(half), full: kinds(full) }).toEqual({ half: [], full: ['429'] });
      await spoolEmpty(stack);
      expect(kinds(await send('afterwards', { rate: 20, seconds: 5 }))).toEqual([]);
      await alerts().resolved(told, heldUntil);
      await rollGateway(stack, 'set', 'env', 'deployment/gateway', `SPOOL_SIZE=${stack.manifests.settings.gateway.spool}`);
    }, 900_000);

    describe('is full to its last byte', () => {
      let disk: SpoolDisk | undefined;
      beforeAll(async () => {
        disk = await SpoolDisk.mount(stack);
      }, 900_000);
      afterAll(() => disk?.unmount(), 900_000);
      const mounted = (): SpoolDisk => {
        if (disk === undefined) throw new Error('the disk was not mounted');
        return disk;
      };

      it(`of others, at ${RATE} events/s: 429 and nothing else, and events are taken as soon as there is room`, async () => {
        const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 300 });
        await sleep(5_000);
        const fullFrom = Date.now();
        await mounted().fill();
        await sleep(20_000);
        const freedAt = Date.now();
        await mounted().free();
        await sleep(10_000);
        load.stop();
        const report = await load.report;
        reports.push(report);
        const { losses } = tellLoad('a full disk', report);
        recordMeasurement({ what: 'disk of the spool full for 20 s: refused with 429', value: losses['429'] ?? 0, unit: 'events' });
        expect(Object.keys(losses)).toEqual(['429']);
        expect(refused(report).filter(({ sentAt, answeredAt }) => answeredAt < fullFrom || sentAt > freedAt + AGAIN_MS)).toEqual([]);
      }, 400_000);

      it('of the events themselves, GlitchTip away: 429 and nothing else; GlitchTip back, it empties by itself and takes events again', async () => {
        await Promise.all([stack.scale('deployment/web', 'web', 0), stack.scale('deployment/worker', 'worker', 0)]);
        const full = await send('a disk that events filled', { ...LARGE, seconds: 45 });
        await Promise.all([stack.scale('deployment/web', 'web', 1), stack.scale('deployment/worker', 'worker', 1)]);
        expect({ some: full.accepted > 0, losses: kinds(full) }).toEqual({ some: true, losses: ['429'] });
        await spoolEmpty(stack);
        expect(kinds(await send('afterwards', { rate: 20, seconds: 5 }))).toEqual([]);
      }, 900_000);
    });
  });
}

function refused({ events }: LoadReport): readonly SentEvent[] {
  return events.filter(({ outcome }) => outcome.kind !== 'accepted');
}
