// The figures of a gateway at rest, for Prometheus.
import { GatewayMetrics } from '../../../../gateway/control/gateway-metrics.js';
import { OPENING } from '../../../../gateway/core/window.js';

export interface AtRest {
  readonly metrics: GatewayMetrics;
  resent: number;
}

export function gatewayAtRest(): AtRest {
  const rest = { metrics: new GatewayMetrics(), resent: 0 };
  rest.metrics.watch({
    spool: { liveBytes: 0, diskBytes: 0, keptBytes: 0, keptDropped: 0, followersBytes: 0 },
    delivery: { entries: [], window: OPENING, get resent() { return rest.resent; } },
    maxBytes: 2 ** 30, setAside: { ids: () => [], dropped: 0 }, turn: { isOurs: true }, hold: { current: undefined }, moving: { status: undefined },
  });
  return rest;
}
