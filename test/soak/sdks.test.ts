// Soak: the SDKs of five languages, as applications have them, through the gateway and beside it; found by id, and what they do when told to wait.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTESTANTS, type Contestant, type Lifecycle } from './sdks/contestants.js';
import { startGateway, type GatewayProcess } from './sdks/gateway-process.js';
import { startGlitchTipDouble, type GlitchTipDouble } from './sdks/glitchtip-double.js';
import { installSdk, missingFor, type InstalledSdk } from './sdks/installed-sdk.js';
import { COMMANDS, SdkProgram, type Sent } from './sdks/sdk-program.js';
import { rowId, waitForRows } from './sdks/stored-rows.js';
import { Wire } from './sdks/wire.js';

/** Milliseconds. */
const START = 420_000;
const RUN = 300_000;

let double: GlitchTipDouble;
let gateway: GatewayProcess;
beforeAll(async () => {
  double = await startGlitchTipDouble();
  gateway = await startGateway(double, '64Mi');
}, START);
afterAll(async () => {
  await gateway.stop();
  await double.stop();
}, 60_000);

const dsnAt = (port: number) => `http://${double.project.key}@127.0.0.1:${port}/${double.project.id}`;

/** Everything that a program can send, and how each was answered. */
async function sendAll(sdk: InstalledSdk, port: number, lifecycle: Lifecycle): Promise<{ readonly sent: readonly Sent[]; readonly statuses: readonly number[] }> {
  const wire = await Wire.to(port);
  const program = new SdkProgram(sdk, { dsn: dsnAt(wire.port), lifecycle });
  const sent: Sent[] = [];
  for (const command of COMMANDS) sent.push(await program.send(command));
  expect(await program.end()).toMatchObject({ exitCode: 0 });
  await wire.close();
  return { sent, statuses: wire.statusesOf('event', 'transaction', 'span') };
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

    it.each(contestant.lifecycles.map((lifecycle) => [describeLifecycle(lifecycle), lifecycle] as const))('is answered as by GlitchTip, and found by id, %s', async (_, lifecycle) => {
      const [through, alone] = [await sendAll(sdk, gateway.port, lifecycle), await sendAll(sdk, double.port, lifecycle)];
      expect(through.statuses).toEqual([200, 200, 200, 200, 200]);
      expect(alone.statuses).toEqual(through.statuses);
      const ids = through.sent.map((each) => rowId(each, double.project.id));
      const rows = await waitForRows(double, ids);
      expect(through.sent.map(({ command }, index) => [command, rows.has(ids[index] ?? '')])).toEqual(COMMANDS.map((command) => [command, true]));
      expect(rows.get(ids[COMMANDS.indexOf('large')] ?? '')).toBeGreaterThan(400_000);
      const aloneIds = alone.sent.filter(({ command }) => command !== 'transaction' || !lifecycle.isStreamed).map((each) => rowId(each, double.project.id));
      expect([...(await waitForRows(double, aloneIds)).keys()].sort()).toEqual([...aloneIds].sort());
    }, RUN);
  });
}

function describeLifecycle({ traceLifecycle, isStreamed }: Lifecycle): string {
  return `${traceLifecycle === undefined ? 'as it comes' : `with traceLifecycle ${traceLifecycle}`}: ${isStreamed ? 'its spans are streamed' : 'it sends transactions'}`;
}
