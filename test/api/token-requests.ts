// What is asked of the API server with the operator's token, and what it says.
interface PodSpec { [field: string]: unknown; containers: { image: string; env?: object[]; command?: string[]; volumeMounts?: { name: string; mountPath: string }[] }[]; volumes: object[] }
export interface Template { metadata: { labels: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec }
export interface Job { [field: string]: unknown; metadata: { name: string; labels: Record<string, string> }; spec: { [field: string]: unknown; template: Template } }

/** A change of a Deployment's pods. */
export function template(change: object): object {
  return { spec: { template: change } };
}

/** What the API server said: taken, or its refusal. */
export async function answer(call: Promise<unknown>): Promise<string> {
  return call.then(() => 'taken', (error: unknown) => (error instanceof Error ? `${'status' in error ? String(error.status) : ''} ${error.message}` : String(error)));
}
