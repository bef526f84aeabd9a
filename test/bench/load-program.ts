// The bench's load, as a process inside the node's network namespace: a job on standard input, its result on standard output.
// SIGTERM ends the sending before its time; what was accepted by then is still waited for.
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { parseDsn } from '../sdk/dsn.js';
import { newRunId, runLoad, type LoadProgress, type LoadReport } from '../sdk/load.js';
import { compareStored } from '../sdk/stored.js';
import { loadJob, type LoadJob } from './load-job.js';
import { loadFigures } from './load-result.js';
import { watchStored } from './stored-looks.js';

/** Of the sender's clock behind the server's; on one machine they are the same. */
const CLOCK_SKEW_MS = 5000;
const PROGRESS_EVERY = 10;

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

async function main(job: LoadJob): Promise<void> {
  const parsed = parseDsn(job.dsn);
  if (!parsed.ok) throw new Error(`the bench made a DSN that is none: ${job.dsn}`);
  const looks = await watchStored(() => connect(job.database), new Date(Date.now() - CLOCK_SKEW_MS), job.release);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const report = await runLoad({
    dsn: parsed.dsn, rate: job.rate, seconds: job.seconds, runId: newRunId(), headers: { host: job.host }, reuse: job.reuse ?? false,
    signal: stop.signal, onProgress: progress(),
  });
  const used = process.cpuUsage(cpu);
  const client = { cpu: (used.user + used.system) / 1e6, seconds: (performance.now() - began) / 1000 };
  await untilStored(report, looks.seen, job.patience);
  await looks.stop();
  console.log(JSON.stringify(loadFigures(report, looks.seen, client)));
}

async function connect(database: LoadJob['database']): Promise<Client> {
  const client = new Client({ ...database, connectionTimeoutMillis: 5000, query_timeout: 10_000 });
  // The next query on it fails too, and that one is listened to.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function untilStored(report: LoadReport, seen: ReadonlyMap<string, number>, patience: number): Promise<void> {
  const deadline = Date.now() + patience * 1000;
  while (Date.now() < deadline && compareStored(report, new Set(seen.keys())).lost.length > 0) await sleep(200);
}

function progress(): (progress: LoadProgress) => void {
  let calls = 0;
  return ({ sent, accepted, notAccepted }) => {
    calls += 1;
    if (calls % PROGRESS_EVERY === 0) console.error(`         ${sent} sent, ${accepted} accepted, ${notAccepted} not accepted`);
  };
}

await main(loadJob.parse(await json(process.stdin)));
