// The program that inside.ts starts: sends load, or tries to sign up, until it is told to stop; prints one JSON report.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { dsnAt, parseDsn } from '../../sdk/dsn.js';
import { ApiError, GlitchTipSession } from '../../sdk/glitchtip-session.js';
import { NoAnswer } from '../../sdk/http-client.js';
import { runLoad } from '../../sdk/load.js';
import type { SignUpReport, Task } from './inside.js';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

async function load({ dsn: text, baseUrl, rate, seconds, host = 'web', ...more }: Extract<Task, { kind: 'load' }>): Promise<unknown> {
  const parsed = parseDsn(text);
  if (!parsed.ok) throw new Error(`no DSN: ${text}`);
  // A Service's bare address is not among ALLOWED_HOSTS; its name is.
  return runLoad({ dsn: dsnAt(parsed.dsn, baseUrl), rate, seconds, ...more, signal: stop.signal, headers: { host } });
}

const PAUSE_MS = 250;

async function signUp({ addresses }: Extract<Task, { kind: 'sign-up' }>): Promise<SignUpReport> {
  const answers: Record<string, number> = {};
  const settings = { open: 0, closed: 0 };
  const answered = new Set<string>();
  let unanswered = 0;
  const attempt = async (address: string): Promise<void> => {
    const session = new GlitchTipSession(`http://${address}:8080`);
    const { body } = await session.get('/api/settings/');
    if (/"enableUserRegistration":\s*true/.test(body)) settings.open += 1;
    if (/"enableUserRegistration":\s*false/.test(body)) settings.closed += 1;
    const result = await session.signUp(`stranger-${randomUUID()}@example.com`, `S${randomUUID()}`).catch(errorName);
    answers[result] = (answers[result] ?? 0) + 1;
    answered.add(address);
  };
  const keepTrying = async (address: string): Promise<void> => {
    while (!stop.signal.aborted) {
      await attempt(address).catch((error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        unanswered += 1;
      });
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all(addresses.map(keepTrying));
  return { answers, settingsOpen: settings.open, settingsClosed: settings.closed, unanswered, answered: [...answered] };
}

function errorName(error: unknown): string {
  if (error instanceof NoAnswer) throw error;
  if (error instanceof ApiError) return `status ${error.status}`;
  throw error;
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
process.stdout.write(JSON.stringify(task.kind === 'load' ? await load(task) : await signUp(task)));
