// `glitchkeeper spool`: what the gateway holds, and what becomes of what it set aside.
import { renderRecord } from '../spool/event-text.js';
import { Failure } from '../failure.js';
import { gatewayStatus, recordHead, recordLine, type SpoolRecordLine } from '../spool/gateway-answers.js';
import { understood, withGateway, type GatewayConnection } from '../spool/gateway-connection.js';
import { renderRecords, renderStatus } from '../spool/spool-text.js';
import type { Context, ExitCode } from './command-context.js';

export async function spoolStatus({ place, output }: Context): Promise<ExitCode> {
  const status = understood(gatewayStatus, (await withGateway(place, (gateway) => gateway.ask('GET', '/status'))).body);
  if (output.json) output.printJson(status);
  else output.print(renderStatus(status, new Date(), output.paint));
  return 0;
}

export interface ListOptions {
  readonly state?: string;
  readonly project?: number;
  readonly limit: number;
}

export async function spoolList({ place, output }: Context, options: ListOptions): Promise<ExitCode> {
  const { gateway, records, hasMore } = await withGateway(place, (connection) => readRecords(connection, options));
  if (output.json) output.printJson({ gateway, records, hasMore });
  else {
    output.print(records.length === 0 ? 'no such record' : renderRecords(records, new Date()));
    output.say(`${hasMore ? `the oldest ${records.length}, there are more: --limit` : `${records.length} in all`}; gateway ${gateway} answered`);
  }
  return 0;
}

export async function spoolShow({ place, output }: Context, id: string): Promise<ExitCode> {
  const path = `/records/${recordId(id)}`;
  const { gateway, body: bytes } = await withGateway(place, (connection) => connection.ask('GET', path));
  const end = bytes.indexOf(0x0a);
  const [record, body] = [understood(recordHead, bytes.subarray(0, end)), bytes.subarray(end + 1)];
  if (output.json) output.printJson({ gateway, record, ...asText(body) });
  else output.print(`${renderRecord(record, body, new Date(), output.paint)}\n\n(gateway ${gateway} answered; --json has all of it)`);
  return 0;
}

/** Whole, or as base64 where it is no text. */
function asText(body: Buffer): { readonly body: string } | { readonly bodyBase64: string } {
  const text = body.toString('utf8');
  return Buffer.from(text, 'utf8').equals(body) ? { body: text } : { bodyBase64: body.toString('base64') };
}

/** Which of what was set aside: one, or all. */
export interface Chosen {
  readonly id?: string;
  readonly all: boolean;
}

export function spoolResend(context: Context, chosen: Chosen): Promise<ExitCode> {
  return changeEach(context, chosen, { method: 'POST', rest: '/resend', done: 'resent', words: 'sent again' });
}

export async function spoolDrop(context: Context, { yes, ...chosen }: Chosen & { readonly yes: boolean }): Promise<ExitCode> {
  const { output } = context;
  const what = chosenId(chosen) ?? 'everything that was set aside';
  const answer = yes || await output.agree(`Drop ${what} for good? Nobody has these events any more then.`);
  if (answer === undefined) throw new Failure('usage', 'drop asks before it loses anything, and there is no terminal to ask on: pass --yes');
  if (!answer) {
    output.say('nothing was dropped');
    return 1;
  }
  return changeEach(context, chosen, { method: 'DELETE', rest: '', done: 'dropped', words: 'dropped' });
}

interface Change {
  readonly method: 'POST' | 'DELETE';
  readonly rest: string;
  /** Its name in JSON. */
  readonly done: string;
  readonly words: string;
}

interface Changed {
  readonly gateway: string;
  readonly lines: readonly SpoolRecordLine[];
  readonly failed: readonly { readonly id: string; readonly why: string }[];
}

async function changeEach({ place, output }: Context, chosen: Chosen, { method, rest, done, words }: Change): Promise<ExitCode> {
  const id = chosenId(chosen);
  const { gateway, lines, failed } = await withGateway(place, (connection) => changeChosen(connection, id, (each) => connection.ask(method, `/records/${each}${rest}`)));
  if (output.json) output.printJson({ gateway, [done]: lines, failed });
  else {
    if (lines.length > 0) output.print(renderRecords(lines, new Date()));
    for (const each of failed) output.say(`${each.id}: ${each.why}`);
    output.say(`${lines.length} ${words}${failed.length === 0 ? '' : `, ${failed.length} not`}; gateway ${gateway} answered`);
  }
  return failed.length === 0 ? 0 : 1;
}

/** One that is chosen has to be there; of all, those that cannot be changed hold up no other. */
async function changeChosen(connection: GatewayConnection, id: string | undefined, change: (id: string) => ReturnType<GatewayConnection['ask']>): Promise<Changed> {
  if (id !== undefined) {
    const { gateway, body } = await change(id);
    return { gateway, lines: [understood(recordLine, body)], failed: [] };
  }
  const [lines, failed, seen] = [[] as SpoolRecordLine[], [] as { id: string; why: string }[], new Set<string>()];
  for (;;) {
    const { gateway, records } = await readRecords(connection, { state: 'set-aside', limit: MOST });
    // What was sent again and set aside again meanwhile is not tried twice.
    const fresh = records.filter((record) => !seen.has(record.id));
    if (fresh.length === 0) return { gateway, lines, failed };
    for (const record of fresh) {
      seen.add(record.id);
      const result = await change(record.id).catch(refusalOf);
      if (result instanceof Failure) failed.push({ id: record.id, why: result.message });
      else lines.push(understood(recordLine, result.body));
    }
  }
}

/** Of one record; a gateway that does not answer ends it all. */
function refusalOf(error: unknown): Failure {
  if (error instanceof Failure && (error.kind === 'refused' || error.kind === 'not found')) return error;
  throw error;
}

/** What the gateway answers at most. */
const MOST = 1_000;

async function readRecords(connection: GatewayConnection, { state, project, limit }: ListOptions): Promise<{ readonly gateway: string; readonly records: readonly SpoolRecordLine[]; readonly hasMore: boolean }> {
  // One more than is shown tells whether there are more.
  const query = new URLSearchParams({ limit: String(Math.min(MOST, limit + 1)), ...(state === undefined ? {} : { state }), ...(project === undefined ? {} : { project: String(project) }) });
  const { gateway, body } = await connection.ask('GET', `/records?${query.toString()}`);
  const records = body.toString('utf8').split('\n').filter((line) => line !== '').map((line) => understood(recordLine, Buffer.from(line)));
  return { gateway, records: records.slice(0, limit), hasMore: records.length > limit };
}

/** Undefined: all. @throws Failure when it is neither, or both */
function chosenId({ id, all }: Chosen): string | undefined {
  if ((id === undefined) !== all) throw new Failure('usage', `expected the ID of a record that was set aside, or --all, found ${all ? 'both' : 'neither'}`);
  return id === undefined ? undefined : recordId(id);
}

/** @throws Failure */
function recordId(text: string): string {
  const id = text.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(id)) throw new Failure('usage', `ID: expected 32 hexadecimal digits, as "glitchkeeper spool list" shows them, found "${text}"`);
  return id;
}
