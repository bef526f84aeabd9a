// Types of items that SDKs send (https://develop.sentry.dev/sdk/data-model/envelope-items/), and what GlitchTip calls its own.
const TYPES = new Set([
  'event', 'transaction', 'attachment', 'session', 'sessions', 'client_report', 'user_report', 'feedback', 'user_feedback', 'profile', 'profile_chunk',
  'replay_event', 'replay_recording', 'replay_video', 'check_in', 'span', 'log', 'otel_log', 'statsd', 'metric_buckets', 'metric_meta', 'trace_metric', 'form_data',
]);
const OTHER = 'other';

/** A client can call an item anything: what nobody knows is one type, so that there are not as many as it likes. */
export function itemTypeName(type: string): string {
  return TYPES.has(type) ? type : OTHER;
}
