// Soak: the SDKs of five languages, as applications have them, through the gateway and beside it; found by id, and what they do when told to wait.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayProcess } from '../support/gateway-process.js';
import { neighboursOf, startGlitchTipDouble, type GlitchTipDouble } from '../support/glitchtip-processes.js';
import { IngestServer } from '../support/move/ingest-server.js';
import { CONTESTANTS, type Contestant, type Lifecycle } from './sdks/contestants.js';
import { installSdk, missingFor, type InstalledSdk } from './sdks/installed-sdk.js';
import { runLimited, type LimitedRun } from './sdks/limited-run.js';
import { COMMANDS, SdkProgram, type Sent } from './sdks/sdk-program.js';
import { rowId, waitForRows } from './sdks/stored-rows.js';
import { runVerify } from './sdks/verify-run.js';
import { Wire, type Exchange } from './sdks/wire.js';

/** Milliseconds. */
const START = 420_000;
const RUN = 300_000;
/** Letters of a large event, at least. */
const LARGE = 400_000;
/** Seconds that a full gateway asks for (gateway/front/ingest.ts). */
const ASKED = '60';

/** Of the old Sentry of a move. */
const OLD = { project: 42, key: '0123456789abcdef0123456789abcdef' };

let double: GlitchTipDouble | undefined;
let gateway: GatewayProcess | undefined;
beforeAll(async () => {
  double = await startGlitchTipDouble();
  gateway = await GatewayProcess.start(neighboursOf(double));
}, START);
afterAll(async () => {
  await gateway?.stop();
  await double?.stop();
}, 60_000);

function started(): { readonly double: GlitchTipDouble; readonly gateway: GatewayProcess } {
  if (!double || !gateway) throw new Error('GlitchTip or the gateway was not started');
  return { double, gateway };
}

interface Run {
  readonly sent: readonly Sent[];
  readonly exchanges: readonly Exchange[];
  /** Its standard error; of a page, what the browser says of CORS. */
  readonly complaints: string;
}

/** What a program sends to the server on this port, and how it was answered. */
async function run(sdk: InstalledSdk, port: number, options: { readonly lifecycle: Lifecycle; readonly commands?: typeof COMMANDS | readonly ['exception']; readonly extraHeaders?: Readonly<Record<string, string>>; readonly pair?: typeof OLD; readonly name?: string }): Promise<Run> {
  const { project: { id, key } } = started().double;
  const pair = options.pair ?? { project: id, key };
  const wire = await Wire.to(port);
  try {
    const hosts = options.name === undefined ? {} : { hosts: await hostsWith(options.name) };
    const program = new SdkProgram(sdk, { ...options, ...hosts, dsn: `http://${pair.key}@${options.name ?? '127.0.0.1'}:${wire.port}/${pair.project}` });
    const sent: Sent[] = [];
    for (const command of options.commands ?? COMMANDS) sent.push(await program.send(command));
    const { exitCode, stderr } = await program.end();
    expect(exitCode).toBe(0);
    return { sent, exchanges: wire.exchanges, complaints: stderr };
  } finally {
    await wire.close();
  }
}

let folder = '';
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-sdks-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file of hosts in which the name is pointed to this machine. */
async function hostsWith(name: string): Promise<string> {
  const file = join(folder, 'hosts');
  await writeFile(file, `127.0.0.1 localhost ${name}\n`);
  return file;
}

/** Of the requests that had more in them than a session or a report. */
function statusesOf({ exchanges }: Run): number[] {
  return exchanges.filter(({ items }) => items.some(({ type }) => ['event', 'transaction', 'span'].includes(type))).map(({ status }) => status);
}

/** Of each that was sent, in their order, whether it has its row; and how many letters are in that of the large one. */
async function storedOf(sent: readonly Sent[]): Promise<{ readonly commands: readonly string[]; readonly large: number }> {
  const { project } = started().double;
  const ids = sent.map((each) => rowId(each, project.id));
  const rows = await waitForRows(started().double, ids);
  const largest = ids[sent.findIndex(({ command }) => command === 'large')] ?? '';
  return { commands: sent.filter((_, index) => rows.has(ids[index] ?? '')).map(({ command }) => command), large: rows.get(largest) ?? 0 };
}

/** Until what is looked at is so. @throws what jest says of the last look */
async function eventually(look: () => unknown, wanted: unknown): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && JSON.stringify(look()) !== JSON.stringify(wanted);) await sleep(100);
  expect(look()).toEqual(wanted);
}

const lacking = new Map<Contestant, readonly string[]>();
for (const contestant of CONTESTANTS) lacking.set(contestant, await missingFor(contestant));

for (const contestant of CONTESTANTS) {
  const missing = lacking.get(contestant) ?? [];
  const describeHere = missing.length === 0 ? describe : describe.skip;
  describeHere(missing.length === 0 ? contestant.name : `${contestant.name} (this machine lacks ${missing.join(', ')})`, () => {
    let sdk: InstalledSdk;
    beforeAll(async () => {
      sdk = await installSdk(contestant);
    }, START);

    it.each(contestant.lifecycles.map((lifecycle) => [nameOf(lifecycle), lifecycle] as const))('is answered as by GlitchTip, and found by id, %s', async (_, lifecycle) => {
      const through = await run(sdk, started().gateway.port, { lifecycle });
      const alone = await run(sdk, started().double.port, { lifecycle });
      expect(through.complaints).toBe('');
      expect(statusesOf(through)).toEqual(COMMANDS.map(() => 200));
      expect(statusesOf(alone)).toEqual(statusesOf(through));
      const stored = await storedOf(through.sent);
      expect(stored.commands).toEqual(COMMANDS);
      expect(stored.large).toBeGreaterThan(LARGE);
      // GlitchTip itself answers 200 to streamed spans, and drops them.
      const kept = alone.sent.filter(({ command }) => command !== 'transaction' || !lifecycle.isStreamed);
      expect((await storedOf(kept)).commands).toEqual(kept.map(({ command }) => command));
    }, RUN);

    it.each<[string, { readonly name?: string }]>([
      ['with its DSN unchanged but for the host', {}], ['with its DSN unchanged, and the name pointed to the gateway', { name: 'sentry.example.com' }],
    ])('during a move, %s, has its events on either side, and its attachment at the old one', async (_, named) => {
      const [lifecycle = { isStreamed: false }] = contestant.lifecycles;
      const old = new IngestServer([OLD.project]);
      await old.listen();
      const { project } = started().double;
      await started().gateway.ask('PUT', '/move', { leads: 'old', share: 25, pairs: [{ project: project.id, key: project.key, old: `http://${OLD.key}@127.0.0.1:${old.port}/${OLD.project}` }] });
      try {
        const { sent, exchanges, complaints } = await run(sdk, started().gateway.port, { lifecycle, pair: OLD, ...named });
        expect([complaints, new Set(statusesOf({ sent, exchanges, complaints }))]).toEqual(['', new Set([200])]);
        expect((await storedOf(sent)).commands).toEqual(COMMANDS);
        await eventually(() => sent.filter(({ id }) => id !== undefined && !old.taken.has(id)).map(({ command }) => command), []);
        expect([...old.types]).toEqual(expect.arrayContaining(['event', 'attachment']));
      } finally {
        await started().gateway.ask('DELETE', '/move');
        await old.close();
      }
    }, RUN);

    if (contestant.folder === 'browser') describeOtherOrigin(() => sdk);
  });
}

function nameOf({ traceLifecycle, isStreamed }: Lifecycle): string {
  return `${traceLifecycle === undefined ? 'as it comes' : `with traceLifecycle ${traceLifecycle}`}: ${isStreamed ? 'its spans are streamed' : 'it sends transactions'}`;
}

/** The page's origin is never the DSN's. */
function describeOtherOrigin(sdk: () => InstalledSdk): void {
  it.each([
    ['without asking first', {}, ['POST']],
    ['after it asked, for it has a header of its own', { 'X-Sentry-Auth': 'Sentry sentry_version=7' }, ['OPTIONS', 'POST']],
  ])('sends to another origin %s, and the page reads the answer', async (_, extraHeaders, methods) => {
    const { sent, exchanges, complaints } = await run(sdk(), started().gateway.port, { lifecycle: { isStreamed: true }, commands: ['exception'], extraHeaders });
    expect(complaints).toBe('');
    expect([...new Set(exchanges.map(({ method }) => method))]).toEqual(methods);
    expect(exchanges.filter(({ status }) => status !== 200)).toEqual([]);
    expect(sent).toMatchObject([{ answer: { status: 200 } }]);
    expect((await storedOf(sent)).commands).toEqual(['exception']);
  }, RUN);
}

describe('npm run verify', () => {
  it('passes through the gateway, with the SDK told to send transactions and as it comes', async () => {
    const { exitCode, notPassed } = await runVerify(started().gateway.port, '--gateway');
    expect(notPassed).toEqual([
      expect.stringMatching(/^04.2 skipped: the cluster was not asked/), expect.stringMatching(/^04.3 skipped: HTTPS is not set/),
      expect.stringMatching(/^04.4 skipped: HTTPS is not set/), expect.stringMatching(/^04.6 skipped: the cluster was not asked/),
    ]);
    expect(exitCode).toBe(0);
  }, RUN);

  it('says of GlitchTip alone that it drops streamed spans', async () => {
    const { exitCode, notPassed } = await runVerify(started().double.port, '--only', '01');
    expect(notPassed).toEqual([expect.stringMatching(/^01.6 skipped: answered 200 and dropped.*traceLifecycle: 'static'/)]);
    expect(exitCode).toBe(0);
  }, RUN);
});

/**
 * They count what they drop, and say so in a client report with what they send next. @sentry/node and sentry-sdk count, too, but lose the
 * count when the application flushes meanwhile (findings/flush-while-limited-forgets-client-reports.sh); a page reports when it is left.
 */
const REPORT_DROPPED = ['sentry-go', 'io.sentry:sentry'];

describe('told to wait by a gateway whose spool is full', () => {
  const able = CONTESTANTS.filter((contestant) => lacking.get(contestant)?.length === 0);
  let runs: ReadonlyMap<string, LimitedRun>;
  beforeAll(async () => {
    runs = await runLimited(started().double, await Promise.all(able.map(installSdk)));
  }, START);

  describe.each(able)('$name', ({ name, folder }) => {
    const ran = (): LimitedRun => {
      const found = runs.get(name);
      if (!found) throw new Error(`${name} did not run`);
      return found;
    };

    it('is answered 429 with the time to wait, for everything', () => {
      expect(ran().refusal?.answer).toMatchObject({ 'retry-after': ASKED, 'x-sentry-rate-limits': `${ASKED}::organization` });
    });
    it('sends nothing meanwhile, though there is room again', () => expect(ran().meanwhile).toEqual([]));
    it('sends again afterwards, and that is stored', () => expect(ran()).toMatchObject({ afterwards: [200], stored: { afterwards: true } }));
    it('loses what was refused and what it dropped, as its documentation has it, and no more', () => expect(ran().stored).toMatchObject({ before: 0 }));
    if (REPORT_DROPPED.includes(name)) it('reports how many errors it dropped', () => expect(ran().reported).toMatchObject({ 'ratelimit_backoff, error': 3 }));
    if (folder === 'browser') {
      it('reads on its page of another origin how long to wait', () => expect(ran().readByPage.answer).toEqual({ status: 429, retryAfter: ASKED, rateLimits: `${ASKED}::organization` }));
    }
  });
});
