// The way out of a rollout: a pod that was told to end is still led to, for as long as it takes the proxies of the node to hear of it.
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface DrainLimits {
  /** Without a new connection, after which nobody is led here any more. Milliseconds. */
  readonly quiet: number;
  /** At most: whoever is led here after that connects to a port that is closed. Milliseconds. */
  readonly most: number;
}

/** Of a gateway's pod, after its preStop. Its grace period has room for it (charts/parts/gateway.ts). */
export const OF_A_ROLLOUT: DrainLimits = { quiet: 2_000, most: 15_000 };

/**
 * Resolves when no new connection has come for a while. Every answer ends its connection from now on, so that the client's next one goes by
 * the Service. To close the port at once would reset whoever had connected and was not accepted yet: with 25 processes for two processors
 * kube-proxy was later than the 5 s of the pod's preStop, and 28 events were lost.
 * @param server node:http's
 */
export async function drain(server: Pick<EventEmitter, 'on' | 'off' | 'prependListener'>, { quiet, most }: DrainLimits): Promise<void> {
  server.prependListener('request', endConnection);
  await new Promise<void>((resolve) => {
    let isQuiet = setTimeout(end, quiet);
    const isEnough = setTimeout(end, most);
    server.on('connection', wait);

    function wait(): void {
      clearTimeout(isQuiet);
      isQuiet = setTimeout(end, quiet);
    }
    function end(): void {
      clearTimeout(isQuiet);
      clearTimeout(isEnough);
      server.off('connection', wait);
      resolve();
    }
  });
}

function endConnection(_: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
