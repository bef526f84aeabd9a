// What is known of the restores and upgrades of a resource, as gauges.
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import { timestamp, value, type ResourceGauge } from './resource-gauges.js';

interface Operation {
  readonly current?: { readonly phase: string; readonly since: string } | undefined;
  readonly last?: { readonly at: string; readonly result: string } | undefined;
}

const gaugesOf = (what: 'restore' | 'upgrade'): readonly ResourceGauge<Operation>[] => [
  {
    name: `glitchkeeper_${what}_running`, help: `1 while a${what === 'upgrade' ? 'n' : ''} ${what} is under way or waits to be confirmed, by its phase`, labelNames: ['phase'],
    read: ({ current }) => value(current && 1, { phase: current?.phase ?? '' }),
  },
  {
    name: `glitchkeeper_${what}_phase_timestamp_seconds`, help: 'When that phase, or its last attempt, began', labelNames: ['phase'],
    read: ({ current }) => timestamp(current?.since, { phase: current?.phase ?? '' }),
  },
  {
    name: `glitchkeeper_${what}_ended_timestamp_seconds`, help: `When the last ${what} ended, by how`, labelNames: ['result'],
    read: ({ last }) => timestamp(last?.at, { result: last?.result ?? '' }),
  },
];

export const RESTORE_GAUGES: readonly ResourceGauge<RestoreStatus>[] = gaugesOf('restore');
export const UPGRADE_GAUGES: readonly ResourceGauge<UpgradeStatus>[] = gaugesOf('upgrade');
