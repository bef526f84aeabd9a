// `glitchkeeper alert test`: has the operator send a test message to every channel, and shows what each made of it.
import { randomBytes } from 'node:crypto';
import type { HealthStatus } from '../../operator/api/health-fields.js';
import { ALERT_TEST_ANNOTATION } from '../../operator/api/object-names.js';
import { waitForAnswer } from '../alerts/test-message-answer.js';
import { describeSetUp, renderResults } from '../alerts/show-test-message.js';
import { Failure } from '../failure.js';
import { KIND_NAME, ask, readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export interface AlertTestOptions {
  /** Seconds. */
  readonly timeout: number;
}

export async function testAlerts(context: Context, { timeout }: AlertTestOptions): Promise<ExitCode> {
  const { place, output } = context;
  const { spec, problems } = await readResource(place);
  if (problems.length > 0) throw new Failure('other', `the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`);
  if (!spec.health.enabled) throw new Failure('other', 'spec.health.enabled is false: the operator checks nothing and sends no alert until it is true');

  const id = `${new Date().toISOString().replace(/\.\d+|[-:]/g, '')}-${randomBytes(3).toString('hex')}`;
  // A request that nobody has answered yet is answered by this one, too.
  await ask(place, 'annotate', `${KIND_NAME}/${place.name}`, `${ALERT_TEST_ANNOTATION}=${id}`, '--overwrite');
  if (!output.json) output.say('asked the operator for a test message on every channel');
  const answer = await waitForAnswer(id, () => readResource(place), timeout);
  if (answer.kind === 'none') throw new Failure('other', answer.why);
  return show(context, answer.test, spec.alerts.secret);
}

function show({ place, output }: Context, test: NonNullable<HealthStatus['alertTest']>, secret: string): ExitCode {
  const { results } = test;
  if (output.json) output.printJson(test);
  else output.print(results.length === 0 ? describeSetUp(place, secret) : renderResults(results, output.paint));
  if (results.length === 0) return 2;
  return results.every(({ error }) => error === undefined) ? 0 : 1;
}
