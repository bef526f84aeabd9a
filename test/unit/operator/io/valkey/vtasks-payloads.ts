// Tasks as django-vtasks 3.2 writes them: the keys and their order are those of its backends/base.py and of what it adds when one fails.

/** @param event what the client sent, among the arguments */
export function taskOf({ queue, ts, failed_at: failedAt, event = {} }: { queue: string; ts: number; failed_at?: number; event?: object }): string {
  const failed = failedAt === undefined ? {} : { error_msg: 'no partition of relation "issue_events_issueevent" found for row', error_traceback: 'Traceback, "ts":1,"queue":"default"', failed_at: failedAt };
  return JSON.stringify({
    func: 'apps.event_ingest.tasks.ingest_event', args: [event], kwargs: {}, queue, priority: 0, ts, retries: 0, unique: false, unique_key: null, ttl: null,
    remove_unique_on_complete: true, max_rescues: 0, _rescue_count: 0, run_after: null, id: 'aB3dE6gH9jK2mN5pQ8rT1vW4yZ7bC0dF', ...failed,
  });
}
