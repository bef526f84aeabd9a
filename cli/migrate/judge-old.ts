// What will come over from an old server, what will be otherwise, and what it needs of this one: pure.
import { partsOfDsn } from '../../operator/core/move/dsn-table.js';
import { size } from '../report/bars.js';
import { visible } from '../safe-text.js';
import { judgeSdks } from './judge-sdks.js';
import type { OldOrganization, OldProject, Usage } from './old-server.js';

export type Verdict = 'works' | 'differs' | 'lost' | 'stops';

export interface Finding {
  /** works: as before; differs: it works, and otherwise; lost: it does not come over; stops: nothing begins before it is mended. */
  readonly verdict: Verdict;
  readonly about: string;
  readonly text: string;
}

/** Categories of what SDKs send of which GlitchTip keeps everything. */
const KEPT: readonly string[] = ['error', 'default', 'security', 'transaction'];
/** They are of others, counted once more. */
const DERIVED = /_(indexed|indexed_duration)$|^(metric_bucket|profile_duration|profile_chunk.*)$/;
/** Numbers from here on are the operator's own, or do not fit (charts/runtime/own_numbers.py). */
const NUMBERS_FIT = 2_147_483_000;
/** What this stack was measured to store at its default limits (docs/measurements.md). A second. */
const STORED_A_SECOND = 100;
const HOUR = 3_600;
/** Assumed of an event, for the old one does not say: as the benchmark of a move sends them (test/support/move/event-load.ts). Bytes. */
const EVENT_BYTES = 4_000;

export function judgeOld(old: OldOrganization): readonly Finding[] {
  return [...judgeProjects(old), ...judgeOthers(old), ...judgePeople(old), ...judgeUsage(old.usage), ...judgeSdks(old.sdks)];
}

/** What keeps a move from beginning. */
export function isStopped(findings: readonly Finding[]): boolean {
  return findings.some(({ verdict }) => verdict === 'stops');
}

function judgeProjects({ projects }: OldOrganization): readonly Finding[] {
  const keys = projects.flatMap(({ keys: of }) => of);
  const usable = keys.filter(isUsable);
  const [off, odd] = [keys.filter(({ isActive }) => !isActive).length, keys.filter(({ isActive, public: value }) => isActive && !isImportable(value)).length];
  if (usable.length === 0) return [{ verdict: 'stops', about: 'keys', text: `${count(projects.length, 'project', 'projects')}, and no key of them that is turned on: there is nothing to move` }];
  const large = projects.filter(({ id }) => Number(id) >= NUMBERS_FIT).length;
  return [
    { verdict: 'works', about: 'projects', text: `${count(projects.length, 'project', 'projects')} with ${count(usable.length, 'key', 'keys')}: applications change the host of their DSN, or nothing where its name is pointed to the gateway` },
    ...(large === 0 ? [] : [{ verdict: 'differs', about: 'numbers', text: `${count(large, 'project gets', 'projects get')} another number here, for theirs does not fit; their old DSNs go on working` } as const]),
    ...(off === 0 ? [] : [{ verdict: 'lost', about: 'keys', text: `${count(off, 'key that is', 'keys that are')} turned off: they are left out, and stay refused` } as const]),
    ...(odd === 0 ? [] : [{ verdict: 'lost', about: 'keys', text: `${count(odd, 'key is', 'keys are')} no 32 hexadecimal digits, and cannot be imported: name project and key for ${odd === 1 ? 'its DSN' : 'their DSNs'} in dsns.json` } as const]),
    { verdict: 'lost', about: 'history', text: 'issues, events, releases, source maps, alert rules and dashboards stay on the old one: leave it running until nobody needs them' },
  ];
}

function judgeOthers({ others = [] }: OldOrganization): readonly Finding[] {
  if (others.length === 0) return [];
  const named = others.slice(0, 8).map(visible).join(', ');
  return [{ verdict: 'lost', about: 'organizations', text: `${count(others.length, 'other organization', 'other organizations')} there (${named}${others.length > 8 ? ', ...' : ''}): a move has one; make the projects of the others by hand, and add their DSNs with project and key to dsns.json` }];
}

function judgePeople({ people, invited, teams }: OldOrganization): readonly Finding[] {
  return [
    { verdict: 'works', about: 'people', text: `${count(people - invited, 'person', 'people')} and ${count(teams, 'team', 'teams')}, with their roles` },
    ...(people > invited ? [{ verdict: 'differs', about: 'passwords', text: 'nobody\'s comes over: each asks for a new one by e-mail, which needs email in settings.yaml' } as const] : []),
    ...(invited === 0 ? [] : [{ verdict: 'lost', about: 'people', text: `${count(invited, 'invitation that nobody', 'invitations that nobody')} accepted: invite them again` } as const]),
  ];
}

function judgeUsage(usage: OldOrganization['usage']): readonly Finding[] {
  if (usage === undefined) return [{ verdict: 'differs', about: 'rates', text: 'the old server does not say how much comes and of what kind: look at its own statistics' }];
  const own = usage.filter(({ category }) => !DERIVED.test(category));
  const kept = own.filter(({ category }) => KEPT.includes(category));
  return [...judgeRate(kept), ...judgeDisk(kept), ...own.filter(({ category }) => !KEPT.includes(category)).map(judgeUnkept)];
}

function judgeRate(kept: readonly Usage[]): readonly Finding[] {
  // Hours of two kinds may be the same one.
  const rate = kept.reduce((sum, { busiest }) => sum + busiest, 0) / HOUR;
  const total = kept.reduce((sum, { accepted }) => sum + accepted, 0);
  const text = `${total.toLocaleString('en')} errors and transactions in seven days, ${rate.toFixed(1)} a second in the busiest hour`;
  if (rate <= STORED_A_SECOND) return [{ verdict: 'works', about: 'rates', text: `${text}; about ${STORED_A_SECOND} a second are stored at the default limits` }];
  return [{ verdict: 'differs', about: 'rates', text: `${text}; about ${STORED_A_SECOND} a second are stored at the default limits, and what comes faster waits in the gateway: raise resources.web and resources.worker, and gateway.spool for the busiest hours` }];
}

/** Of rate and size, before what Postgres adds for itself. */
function judgeDisk(kept: readonly Usage[]): readonly Finding[] {
  const total = kept.reduce((sum, { accepted }) => sum + accepted, 0);
  if (total === 0) return [];
  const busiest = kept.reduce((sum, { busiest: of }) => sum + of, 0);
  return [{
    verdict: 'works', about: 'disk', text: `at an assumed ${EVENT_BYTES / 1_000} KB each: an hour in which one of the two is away takes up to ${size(busiest * EVENT_BYTES)} of gateway.spool (of move.share of it, where that one follows); `
      + `a day takes ${size(total * EVENT_BYTES / 7)} of storage.postgres at least, before indexes, for each day of retentionDays`,
  }];
}

function judgeUnkept({ category, accepted }: Usage): Finding {
  const amount = `${accepted.toLocaleString('en')} in seven days`;
  if (category === 'span') return { verdict: 'differs', about: 'spans', text: `${amount}: each root span becomes a transaction (gateway.spansToTransactions), the others belong to it` };
  return { verdict: 'lost', about: visible(category), text: `${amount}: GlitchTip keeps none of them; the old one gets them until the move is finished` };
}

function isUsable({ isActive, public: value }: OldProject['keys'][number]): boolean {
  return isActive && isImportable(value);
}

function isImportable(value: string): boolean {
  return /^[0-9a-f]{32}$/.test(value.replaceAll('-', '').toLowerCase());
}

/** Rows of the table of DSNs: of each key that is turned on, as the old server writes it. */
export function rowsOf(projects: readonly OldProject[], organization: string): readonly { readonly old: string; readonly name: string }[] {
  return projects.flatMap(({ slug, keys }) => keys.filter(({ isActive, dsn }) => isActive && partsOfDsn(dsn.public) !== undefined).map(({ dsn }) => ({ old: dsn.public, name: `${organization}/${slug}` })));
}

function count(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
