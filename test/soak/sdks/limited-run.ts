// All SDKs at once against a gateway whose spool is full, until it has room again and what it asked for is over.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayProcess } from '../../support/gateway-process.js';
import { neighboursOf, type GlitchTipDouble } from '../../support/glitchtip-processes.js';
import type { InstalledSdk } from './installed-sdk.js';
import { SdkProgram, type Sent, type SdkCommand } from './sdk-program.js';
import { lookForRows, waitForRows } from './stored-rows.js';
import { Wire, type Exchange } from './wire.js';

/** What an application goes on to send while it was told to wait. */
const MEANWHILE: readonly SdkCommand[] = ['exception', 'exception', 'message', 'transaction'];
/** Bytes of what fills the spool: at last not even a small event has room. */
const FILLERS = [100_000, 10_000, 1_000, 100];
/** Clocks of two processes, and a limit that is rounded up to whole seconds. Milliseconds. */
const MORE_THAN_ASKED = 2_000;

/** What one SDK did. */
export interface LimitedRun {
  /** The answer that told it to wait. */
  readonly refusal: Exchange | undefined;
  /** What a page could read of that answer. */
  readonly readByPage: Sent;
  /** Requests that it made in the time that it was told to wait. */
  readonly meanwhile: readonly Exchange[];
  /** Statuses of events afterwards. */
  readonly afterwards: readonly number[];
  /** Of what it sent afterwards, whether it is stored; and how much is of what it sent before. */
  readonly stored: { readonly afterwards: boolean; readonly before: number };
  /** What it says in client reports that it has discarded: "reason, category" and how many. */
  readonly reported: Readonly<Record<string, number>>;
}

/** @returns by the SDK's name. @throws when the programs were too slow, so that nothing is shown */
export async function runLimited(double: GlitchTipDouble, sdks: readonly InstalledSdk[]): Promise<ReadonlyMap<string, LimitedRun>> {
  const gateway = await GatewayProcess.start(neighboursOf(double), { spoolSize: '1Mi' });
  const runs = await Promise.all(sdks.map((sdk) => Limited.start(sdk, double, gateway.port)));
  const all = <T>(what: (run: Limited) => Promise<T>) => Promise.all(runs.map(what));
  try {
    await all((run) => run.sendOne());
    await gateway.ask('PUT', '/hold', { why: 'the spool is filled by a test' });
    await fill(gateway, double);
    await all((run) => run.beRefused());
    await gateway.ask('DELETE', '/hold');
    await emptied(gateway);
    await all((run) => run.goOn());
    await sleep(Math.max(...runs.map(({ limitEnds }) => limitEnds)) + MORE_THAN_ASKED - Date.now());
    await all((run) => run.sendAgain());
    return new Map(await all(async (run) => [run.name, await run.end()] as const));
  } finally {
    await all((run) => run.kill());
    await gateway.stop();
  }
}

async function fill({ port }: GatewayProcess, { project }: GlitchTipDouble): Promise<void> {
  for (const bytes of FILLERS) {
    let status = 200;
    while (status === 200) {
      const id = randomUUID().replaceAll('-', '');
      const body = `{"event_id":"${id}"}\n{"type":"event"}\n${JSON.stringify({ event_id: id, message: randomBytes(bytes / 2).toString('hex') })}\n`;
      ({ status } = await fetch(`http://127.0.0.1:${port}/api/${project.id}/envelope/?sentry_key=${project.key}`, { method: 'POST', body }));
    }
    if (status !== 429) throw new Error(`a full spool: expected 429, found ${status}`);
  }
}

async function emptied(gateway: GatewayProcess): Promise<void> {
  while ((await gateway.status()).spool.liveBytes > 0) await sleep(100);
}

class Limited {
  #seen = 0;
  #refused: Sent | undefined;
  #meanwhile: readonly Exchange[] = [];
  #again: Sent | undefined;
  readonly #lost: string[] = [];

  private constructor(readonly name: string, private readonly double: GlitchTipDouble, private readonly wire: Wire, private readonly program: SdkProgram) {}

  static async start(sdk: InstalledSdk, double: GlitchTipDouble, port: number): Promise<Limited> {
    const wire = await Wire.to(port);
    const dsn = `http://${double.project.key}@127.0.0.1:${wire.port}/${double.project.id}`;
    const [lifecycle] = sdk.contestant.lifecycles;
    if (!lifecycle) throw new Error(`${sdk.contestant.name} has no way to send`);
    return new Limited(sdk.contestant.name, double, wire, new SdkProgram(sdk, { dsn, lifecycle }));
  }

  /** While there is room: what a program needs to be warm. */
  async sendOne(): Promise<void> {
    await this.program.send('exception');
    this.#seen = this.wire.exchanges.length;
  }

  async beRefused(): Promise<void> {
    this.#refused = await this.program.send('exception');
    this.#lost.push(this.#refused.id ?? '');
  }

  /** When it may send again, as it was told. Milliseconds of Unix time. */
  get limitEnds(): number {
    const refusal = this.#refusal();
    return refusal ? refusal.at + Number(refusal.answer['retry-after']) * 1_000 : Date.now();
  }

  async goOn(): Promise<void> {
    const before = this.wire.exchanges.length;
    for (const command of MEANWHILE) this.#lost.push((await this.program.send(command)).id ?? '');
    if (Date.now() > this.limitEnds) throw new Error(`${this.name} was still busy when the time that it was told to wait was over`);
    this.#meanwhile = this.wire.exchanges.slice(before);
  }

  async sendAgain(): Promise<void> {
    this.#seen = this.wire.exchanges.length;
    this.#again = await this.program.send('exception');
  }

  async end(): Promise<LimitedRun> {
    const refusal = this.#refusal();
    await this.program.end();
    const again = this.#again?.id ?? '';
    const isStored = (await waitForRows(this.double, [again])).has(again);
    return {
      refusal, readByPage: this.#refused ?? { command: 'exception' }, meanwhile: this.#meanwhile,
      afterwards: this.wire.exchanges.slice(this.#seen).filter(({ items }) => items.some(({ type }) => type === 'event')).map(({ status }) => status),
      stored: { afterwards: isStored, before: (await lookForRows(this.double, this.#lost)).size },
      reported: reportedOf(this.wire.exchanges),
    };
  }

  async kill(): Promise<void> {
    await this.program.end();
    await this.wire.close();
  }

  #refusal(): Exchange | undefined {
    return this.wire.exchanges.find(({ status }) => status === 429);
  }
}

interface ClientReport {
  readonly discarded_events: readonly { readonly reason: string; readonly category: string; readonly quantity: number }[];
}

/** https://develop.sentry.dev/sdk/telemetry/client-reports/; those that were accepted. */
function reportedOf(exchanges: readonly Exchange[]): Record<string, number> {
  const reports = exchanges.filter(({ status }) => status === 200).flatMap(({ items }) => items).filter(({ type }) => type === 'client_report');
  const sums: Record<string, number> = {};
  for (const { payload } of reports) {
    for (const { reason, category, quantity } of (JSON.parse(payload.toString()) as ClientReport).discarded_events) {
      sums[`${reason}, ${category}`] = (sums[`${reason}, ${category}`] ?? 0) + quantity;
    }
  }
  return sums;
}
