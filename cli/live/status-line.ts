// What `status --watch` writes where there is no terminal: a line when something changed. Pure.
import type { Summary } from '../report/status-summary.js';
import type { View } from './poll.js';

/** What a change is a change of: words and names, no figures that move all the time. */
export interface Change {
  readonly verdict: Summary['verdict'] | 'not answering';
  readonly why: string;
  readonly incidents: readonly string[];
  readonly notReady: readonly string[];
  readonly rotation?: string;
  readonly backup?: string;
  readonly restore?: string;
  readonly upgrade?: string;
  readonly move?: string;
}

export function changeOf({ value, trouble }: View<Summary>): Change {
  const { verdict, why, health, parts } = value;
  return {
    verdict: trouble === undefined ? verdict : 'not answering',
    // The error differs from try to try: that there is no answer is what is new.
    why: trouble === undefined ? why : 'the cluster does not answer',
    incidents: (health?.incidents ?? []).map(({ reason, part }) => `${reason} (${part})`),
    notReady: parts.filter(({ ready }) => !ready).map(({ part }) => part),
    ...operationsOf(value),
  };
}

/** Each that is under way, by where it is. */
function operationsOf({ rotation, backups, restore, upgrade, move }: Summary): Pick<Change, 'rotation' | 'backup' | 'restore' | 'upgrade' | 'move'> {
  return { rotation: rotation.current?.phase, backup: backups?.current?.copy, restore: restore?.current?.phase, upgrade: upgrade?.current?.phase, move: move?.current?.phase };
}

export function describeChange({ verdict, why, incidents, notReady, rotation, backup, restore, upgrade, move }: Change): string {
  return [
    `${verdict}: ${why}`,
    ...(incidents.length === 0 ? [] : [`incidents: ${incidents.join(', ')}`]),
    ...(notReady.length === 0 ? [] : [`not ready: ${notReady.join(', ')}`]),
    ...(rotation === undefined ? [] : [`rotation: ${rotation}`]),
    ...(backup === undefined ? [] : [`backup: ${backup}`]),
    ...(restore === undefined ? [] : [`restore: ${restore}`]),
    ...(upgrade === undefined ? [] : [`upgrade: ${upgrade}`]),
    ...(move === undefined ? [] : [`move: ${move}`]),
  ].join('; ');
}
