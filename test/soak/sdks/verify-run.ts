// `npm run verify` against a server on loopback, with nothing prepared: it logs in, and makes its own project and token.
import { execa } from 'execa';
import { z } from 'zod';
import { EMAIL, PASSWORD } from '../../support/glitchtip-processes.js';

const reportSchema = z.object({ tests: z.array(z.object({ id: z.string(), result: z.string(), detail: z.string() })) });

export interface VerifyRun {
  readonly exitCode: number | undefined;
  /** "01.6 skipped: why", of each test that has not passed. */
  readonly notPassed: readonly string[];
}

/** A small load: it is the product's own limits that are measured elsewhere. */
const LOAD = ['--burst', '50', '--rate', '20', '--seconds', '5'];

/** @throws when it printed no report */
export async function runVerify(port: number, ...more: readonly string[]): Promise<VerifyRun> {
  const { exitCode, stdout, stderr } = await execa('tsx', ['test/sdk/main.ts', '--url', `http://127.0.0.1:${port}`, '--email', EMAIL, '--json', ...LOAD, ...more], {
    preferLocal: true, reject: false, env: { GLITCHTIP_PASSWORD: PASSWORD, NODE_OPTIONS: '' },
  });
  if (!stdout.startsWith('{')) throw new Error(`verify made no report: ${stderr.slice(-2_000)}`);
  const { tests } = reportSchema.parse(JSON.parse(stdout));
  return { exitCode, notPassed: tests.filter(({ result }) => result !== 'passed').map(({ id, result, detail }) => `${id} ${result}: ${detail}`) };
}
