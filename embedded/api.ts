/** The few requests that starting and stopping need: plain HTTPS with the administrator's certificate. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { z } from 'zod';

export interface ApiAccess {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Reads the administrator's certificate of an instance. */
export async function readAccess(pki: string, server: string): Promise<ApiAccess> {
  const read = (file: string): Promise<string> => readFile(join(pki, file), 'utf8');
  return { server, ca: await read('ca.crt'), cert: await read('admin.crt'), key: await read('admin.key') };
}

const timeoutMs = 3000;

/** Status and body of a GET; undefined when nothing answers. */
export function get(access: ApiAccess, path: string): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const { server, ca, cert, key } = access;
    const sent = request(new URL(path, server), { ca, cert, key, timeout: timeoutMs, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(undefined));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end();
  });
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
export async function observeNode(access: ApiAccess, name: string): Promise<NodeState | undefined> {
  const answer = await get(access, `/api/v1/nodes/${name}`);
  if (answer?.status !== 200) return undefined;
  const condition = nodeSchema.parse(JSON.parse(answer.body)).status.conditions.find((c) => c.type === 'Ready');
  if (condition === undefined) return undefined;
  return { ready: condition.status === 'True', heartbeat: Date.parse(condition.lastHeartbeatTime), message: condition.message };
}

const containerStateSchema = z.object({ state: z.object({ running: z.object({ startedAt: z.string() }).optional() }).default({}) });
const podListSchema = z.object({
  items: z.array(z.object({ status: z.object({ containerStatuses: z.array(containerStateSchema).default([]) }).default({ containerStatuses: [] }) })),
});

/** Number of pods with a container that is said to run since before `since` (ms): reports of an earlier run. */
export async function countStalePods(access: ApiAccess, since: number): Promise<number> {
  const answer = await get(access, '/api/v1/pods');
  if (answer?.status !== 200) return Number.POSITIVE_INFINITY;
  const isStale = ({ state }: z.infer<typeof containerStateSchema>): boolean =>
    state.running !== undefined && Date.parse(state.running.startedAt) < Math.floor(since / 1000) * 1000;
  return podListSchema.parse(JSON.parse(answer.body)).items.filter((pod) => pod.status.containerStatuses.some(isStale)).length;
}
