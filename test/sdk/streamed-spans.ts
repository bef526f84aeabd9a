// Decides what it means that streamed spans were accepted and no transaction came of them. No input or output here.
import { failed, skipped, type Finding } from './suite.js';

/** Whether the instance is behind the ingest gateway; `source`: who says so. */
export type GatewayFact = { readonly kind: 'there' | 'not there'; readonly source: string } | { readonly kind: 'untold' };

const AS_GLITCHTIP = "as GlitchTip itself does it: without the gateway an application sets traceLifecycle: 'static'";

/** @param answer how the envelope of spans was answered */
export function unstoredSpans(gateway: GatewayFact, answer: number | string): Finding {
  switch (gateway.kind) {
    case 'there': return failed(`answered ${answer}, but no transaction in time, though there is a gateway (${gateway.source}): is gateway.spansToTransactions off?`);
    case 'not there': return skipped(`answered ${answer} and dropped, ${AS_GLITCHTIP} (no gateway: ${gateway.source})`);
    case 'untold': return skipped(`answered ${answer} and dropped, ${AS_GLITCHTIP} (behind the gateway? then give --gateway, or --namespace)`);
  }
}
