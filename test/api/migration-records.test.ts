// Django of GlitchTip 6.2's double with the runtime helpers of the manifests: whoever ends a migration leaves its change and its row in django_migrations, or neither.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { GlitchTipSix } from './glitchtip-six.js';

const MINUTE = 60_000;

let six: GlitchTipSix;
beforeAll(async () => {
  six = await GlitchTipSix.start();
}, 3 * MINUTE);
afterAll(() => six.stop());

/** Whether one transaction wrote both: a column that comes with an index, and the row of its migration. */
async function isOneTransaction(env: Readonly<Record<string, string>>): Promise<unknown> {
  await six.emptyDatabase();
  await six.run('./manage.py migrate --skip-checks db 0002', env);
  return six.sql(`SELECT (SELECT xmin FROM django_migrations WHERE app = 'db' AND name LIKE '0002%') = (SELECT xmin FROM pg_attribute WHERE attrelid = 'db_queuedtask'::regclass AND attname = 'priority') AS one,
    EXISTS (SELECT FROM pg_indexes WHERE tablename = 'db_queuedtask' AND indexdef LIKE '%(priority)') AS indexed`);
}

it('the row is written in the transaction of the change, and the index is made', async () => expect(await isOneTransaction({})).toEqual([{ one: true, indexed: true }]), 2 * MINUTE);
it('Django by itself writes it afterwards', async () => expect(await isOneTransaction({ PYTHONPATH: '' })).toEqual([{ one: false, indexed: true }]), 2 * MINUTE);
