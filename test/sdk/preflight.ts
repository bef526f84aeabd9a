// Before anything is sent: does the instance answer, is the key one of its own, and may the token read the project?
import type { Dsn } from './dsn.js';
import { EventStore } from './event-store.js';
import { GlitchTipApi } from './glitchtip-api.js';
import { ApiError } from './glitchtip-session.js';
import { NoAnswer, send } from './http-client.js';

/** What was given cannot work. The message says what was expected and what was found. */
export class UnusableTarget extends Error {
  override readonly name = 'UnusableTarget';
}

/** @throws UnusableTarget when nothing answers, or something that is not GlitchTip */
export async function checkReachable(dsn: Dsn): Promise<void> {
  const url = `${dsn.baseUrl}/_health/`;
  try {
    const { status } = await send({ url, timeoutMs: 15_000 });
    if (status === 200) return;
    throw new UnusableTarget(`${url}: expected 200, found ${status}${healthHint(status)}`);
  } catch (error) {
    if (error instanceof NoAnswer) throw new UnusableTarget(`${url}: no answer (${error.code})${connectionHint(error.code)}`, { cause: error });
    throw error;
  }
}

function healthHint(status: number): string {
  if (status === 400) return ': this host name is not among ALLOWED_HOSTS';
  if (status === 301 || status === 308) return ': the instance redirects; give the DSN with https';
  if (status === 404) return ': is this GlitchTip, and is the path before the project number right?';
  if (status === 502 || status === 503) return ': the proxy answers, but no web pod is ready';
  return '';
}

function connectionHint(code: string): string {
  if (code === 'ECONNREFUSED') return ': is the port-forward running (kubectl port-forward svc/web 9090:8080)?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return ': the host name is not known';
  if (code === 'ETIMEDOUT') return ' in 15 s';
  if (code.includes('CERT') || code.includes('SELF_SIGNED')) return ': give the CA by NODE_EXTRA_CA_CERTS=ca.pem';
  return '';
}

/**
 * The project that the DSN names, ready to read events from.
 * The key is compared before it is used: one wrong key sent to a project blocks that project for 30 s (GlitchTip 5.2; 6.2 blocks the key).
 * @throws UnusableTarget when the token, the project or the key is not known to the instance
 */
export async function openStore(dsn: Dsn, token: string, wait: number): Promise<EventStore> {
  const api = new GlitchTipApi(dsn.baseUrl, token);
  try {
    const projects = await api.projects();
    const project = projects.find(({ id }) => Number(id) === dsn.projectId);
    if (project === undefined) {
      const seen = projects.map(({ id, slug }) => `${id} (${slug})`).join(', ') || 'none';
      throw new UnusableTarget(`dsn.project: expected one that the token can see, found ${dsn.projectId}; it sees ${seen}`);
    }
    const at = { org: project.organization.slug, project: project.slug };
    const keys = await api.keys(at);
    if (!keys.some((key) => key.public.replaceAll('-', '') === dsn.key)) {
      throw new UnusableTarget(`dsn.key: expected a client key of ${at.org}/${at.project}, found ${dsn.key}`);
    }
    return new EventStore(api, at, wait);
  } catch (error) {
    if (error instanceof ApiError) throw new UnusableTarget(`token: ${error.message}`, { cause: error });
    throw error;
  }
}
