/** The few questions that starting, stopping and looking at a cluster need, as its administrator, over the operator's own connection. */
import { HttpMethod } from '@kubernetes/client-node';
import * as z from 'zod';
import { sendRequest } from '../operator/io/kubernetes/api-request.js';
import { ClusterConnection } from '../operator/io/kubernetes/connection.js';
import { withDeadline } from '../operator/runtime/deadline.js';

/** @param kubeconfig path of the administrator's @throws when there is none yet */
export function connect(kubeconfig: string): ClusterConnection {
  const connection = new ClusterConnection();
  connection.loadFromFile(kubeconfig);
  return connection;
}

const timeoutMs = 3000;

/** Status and body of a GET; undefined when nothing answers. */
export function get(connection: ClusterConnection, path: string): Promise<{ status: number; text: string } | undefined> {
  const ask = (signal: AbortSignal) => sendRequest(connection, { method: HttpMethod.GET, path, signal });
  return withDeadline(undefined, timeoutMs, ask).catch(() => undefined);
}

const nodeSchema = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string(), lastHeartbeatTime: z.string(), message: z.string().default('') })).default([]),
  }),
});

export interface NodeState {
  readonly ready: boolean;
  /** Unix time in milliseconds of the kubelet's last word; earlier starts leave theirs behind. */
  readonly heartbeat: number;
  readonly message: string;
}

/** What the node says of itself; undefined when it is not registered or nothing answers. */
export async function observeNode(connection: ClusterConnection, name: string): Promise<NodeState | undefined> {
  const answer = await get(connection, `/api/v1/nodes/${name}`);
  if (answer?.status !== 200) return undefined;
  const condition = nodeSchema.parse(JSON.parse(answer.text)).status.conditions.find((c) => c.type === 'Ready');
  if (condition === undefined) return undefined;
  return { ready: condition.status === 'True', heartbeat: Date.parse(condition.lastHeartbeatTime), message: condition.message };
}

const containerStateSchema = z.object({ state: z.object({ running: z.object({ startedAt: z.string() }).optional() }).default({}) });
const podListSchema = z.object({
  items: z.array(z.object({ status: z.object({ containerStatuses: z.array(containerStateSchema).default([]) }).default({ containerStatuses: [] }) })),
});

/** Number of pods with a container that is said to run since before `since` (ms): reports of an earlier run. */
export async function countStalePods(connection: ClusterConnection, since: number): Promise<number> {
  const answer = await get(connection, '/api/v1/pods');
  if (answer?.status !== 200) return Number.POSITIVE_INFINITY;
  const isStale = ({ state }: z.infer<typeof containerStateSchema>): boolean =>
    state.running !== undefined && Date.parse(state.running.startedAt) < Math.floor(since / 1000) * 1000;
  return podListSchema.parse(JSON.parse(answer.text)).items.filter((pod) => pod.status.containerStatuses.some(isStale)).length;
}
