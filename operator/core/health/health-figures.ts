// The figures of a check, as the status and the metrics give them; what was not seen is absent.
import type { HealthFigures } from '../../api/health-fields.js';
import { shortestRunway } from './database-rules.js';
import type { DeliveryToOld } from '../move/move-facts.js';
import { OF_RUNS } from './each-pod.js';
import { tasksOf, type Facts, type PostgresFacts } from './health-facts.js';
import { partOf, restartsOf } from './part-state.js';

const DAY = 86_400_000;
/** Of what is left out, by project and type, the status has these: hundreds of projects may send sessions. */
const MOST_LEFT_OUT = 10;

export function figuresOf(facts: Facts, now: Date): HealthFigures {
  return { ...canaryFigures(facts), ...databaseFigures(facts), ...queueFigures(facts), ...gatewayFigures(facts), ...partFigures(facts, now), ...ageFigures(facts, now) };
}

function canaryFigures({ canary }: Facts): HealthFigures {
  return canary.kind === 'stored' ? { eventSeconds: round(canary.seconds) } : {};
}

function databaseFigures({ database }: Facts): HealthFigures {
  if (database.kind !== 'seen') return {};
  const { bytes, connections, connectionsMax, longestTransactionSeconds } = database.value;
  return {
    databaseBytes: bytes, connections, connectionsMax, longestTransactionSeconds: round(longestTransactionSeconds),
    ...partitionFigures(database.value),
  };
}

function partitionFigures(postgres: PostgresFacts): HealthFigures {
  const shortest = shortestRunway(postgres);
  if (!shortest) return {};
  const { days, leastDays } = shortest;
  return { partitionDays: round(Math.min(...postgres.partitions.map((each) => each.days))), partitionMissingDays: round(Math.max(0, leastDays - days)) };
}

function queueFigures(facts: Facts): HealthFigures {
  const { queue } = facts;
  return { ...taskFigures(facts), ...(queue.kind === 'seen' ? { valkeyBytes: queue.value.usedBytes, valkeyMaxBytes: queue.value.maxBytes } : {}) };
}

function taskFigures(facts: Facts): HealthFigures {
  const tasks = tasksOf(facts);
  if (tasks === undefined) return {};
  const { depth, oldestTaskSeconds } = tasks;
  return { queueDepth: depth, ...(oldestTaskSeconds === undefined ? {} : { oldestTaskSeconds: round(oldestTaskSeconds) }) };
}

function gatewayFigures({ gateway }: Facts): HealthFigures {
  if (gateway.kind !== 'seen') return {};
  const { liveBytes, limitBytes, oldestSeconds, setAside, ignored, move } = gateway.value;
  const leftOut = [...ignored].sort((one, other) => other.items - one.items).slice(0, MOST_LEFT_OUT);
  return { spoolBytes: liveBytes, spoolMaxBytes: limitBytes, spoolOldestSeconds: round(oldestSeconds ?? 0), setAside, ...(leftOut.length > 0 ? { leftOut } : {}), ...(move ? moveFigures(move) : {}) };
}

function moveFigures({ waiting, dropped, refused }: DeliveryToOld): HealthFigures {
  return { oldWaiting: waiting.records, oldDropped: dropped, oldRefused: Object.values(refused).reduce((sum, count) => sum + count, 0) };
}

function partFigures(facts: Facts, now: Date): HealthFigures {
  const { pods, memory } = facts.cluster;
  if (pods.kind === 'unseen') return {};
  // A run's pod is never Ready, comes and goes, and has figures of its own.
  const names = [...new Set(pods.value.filter(({ alive, part }) => alive && !OF_RUNS.includes(part)).map(({ part }) => part))].sort();
  const used = memory.kind === 'seen' ? memory.value : new Map<string, number>();
  return {
    parts: names.map((name) => {
      const part = partOf(facts, name, now);
      const newest = part?.pods[0];
      const memoryBytes = newest && used.get(newest.name);
      return {
        name, ready: part?.isReady ?? false, restarts: newest ? restartsOf(newest) : 0,
        ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(newest?.memoryLimitBytes === undefined ? {} : { memoryLimitBytes: newest.memoryLimitBytes }),
      };
    }),
  };
}

function ageFigures({ volumes, certificate, served }: Facts, now: Date): HealthFigures {
  const ends = [certificate, served].find((each) => each.kind === 'seen');
  return {
    ...(volumes.kind === 'seen' ? { volumes: volumes.value.map((volume) => ({ ...volume })) } : {}),
    ...(ends ? { certificateDays: round((ends.endsAt.getTime() - now.getTime()) / DAY) } : {}),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
