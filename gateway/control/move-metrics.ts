// The figures of a move for Prometheus: nothing but zeros while there is none.
import { Gauge, type Registry } from 'prom-client';
import type { Moving } from '../move/moving.js';
import type { Spool } from '../spool/spool.js';
import type { MoveStatus } from './control-answers.js';

export interface WatchedMove {
  readonly moving: Pick<Moving, 'status'>;
  readonly spool: Pick<Spool, 'followersBytes'>;
}

const FIGURES: readonly (readonly [name: string, help: string, value: (status: MoveStatus) => number])[] = [
  ['move_on', '1 while a move from an old Sentry is on', () => 1],
  ['move_old_leads', '1 while the old Sentry leads', ({ leads }) => Number(leads === 'old')],
  ['move_waiting_records', 'Records that the old Sentry was not given yet', ({ waiting }) => waiting.records],
  ['move_waiting_bytes', 'Bytes of them', ({ waiting }) => waiting.bytes],
  ['move_away', '1 while the old Sentry takes nothing', ({ closed }) => Number(closed !== undefined)],
  ['move_sent_records', 'Records that the old Sentry took since it started', ({ sent }) => sent],
  ['move_dropped_records', 'Records that the one that follows is not given, for it fell behind, since it started', ({ dropped }) => dropped],
];

export function watchMove(registry: Registry, { moving, spool }: WatchedMove): void {
  const name = (of: string) => `glitchkeeper_gateway_${of}`;
  for (const [of, help, value] of FIGURES) new Gauge({ name: name(of), help, registers: [registry], collect() { const { status } = moving; this.set(status ? value(status) : 0); } });
  new Gauge({ name: name('followers_bytes'), help: 'Bytes in the spool that only the one that follows waits for', registers: [registry], collect() { this.set(spool.followersBytes); } });
  new Gauge({
    name: name('move_refused_records'), help: 'Records that the old Sentry refused since it started, by the status that it answered', labelNames: ['status'], registers: [registry],
    collect() { for (const [status, records] of Object.entries(moving.status?.refused ?? {})) this.set({ status }, records); },
  });
}
