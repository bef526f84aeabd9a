// The gateway's status as text, of this version and of others.
import { describe, expect, it } from '@jest/globals';
import { plain } from '../../../../cli/output.js';
import { gatewayStatus, recordLine } from '../../../../cli/spool/gateway-answers.js';
import { renderRecords, renderStatus } from '../../../../cli/spool/spool-text.js';

const NOW = new Date('2026-06-01T12:00:00Z');
const STATUS = {
  gateway: 'gateway-7c9d', startedAt: '2026-06-01T09:00:00Z', others: [], spool: { liveBytes: 2 ** 28, limitBytes: 2 ** 30, oldestSeconds: 125 }, records: { waiting: 1_200, underWay: 37, limbo: 2, resent: 3 },
  window: { allowedBytes: 5_000_000 }, delivers: true, setAside: 0, refused: {}, ignored: [],
};
const show = (more: object = {}) => renderStatus(gatewayStatus.parse({ ...STATUS, ...more }), NOW, plain).split('\n');

describe('the status', () => {
  it('is a few lines', () => {
    expect(show()).toEqual([
      'gateway gateway-7c9d, started 3 h ago: gives to GlitchTip',
      'spool             ███░░░░░░░░░ 256Mi of 1.0Gi (25 %)',
      'oldest            2 min',
      'waiting           1200',
      'under way         37, at most 5Mi',
      'not seen in time  2',
      'given again       3',
      'set aside         0',
      'refused           nothing since it started',
      'left out          nothing since it started',
    ]);
  });

  it.each<[string, object, string]>([
    ['it is held, and why', { delivers: false, hold: { since: '2026-06-01T11:00:00Z', why: 'upgrade\u001b[2J' } }, 'gives nothing since 60 min ago: held, upgrade\\u{1b}[2J'],
    ['the way is broken', { window: { allowedBytes: 0, closed: 'ECONNREFUSED' } }, 'cannot give: ECONNREFUSED'],
    ['another one gives', { delivers: false }, 'gives nothing: another gateway does, or it has just started'],
  ])('says when %s', (_, more, expected) => expect(show(more)[0]).toBe(`gateway gateway-7c9d, started 3 h ago: ${expected}`));

  it.each<[string, object, string]>([
    ['what a person has to look at', { setAside: 3 }, 'set aside         3: glitchkeeper spool list --state set-aside'],
    ['what there was no more room for', { setAside: 9_000, setAsideDropped: 1_000 }, 'dropped           1000 that had been set aside: there was no more room'],
    ['what its disk lost', { setAside: 1, damaged: 1 }, 'damaged           1 place of its disk could not be read; what lay there is set aside as it is'],
    ['what is kept for a way back', { keep: { since: '2026-06-01T11:00:00Z', why: 'restore 20260601T110000Z', records: 300, bytes: 2 ** 20 } }, 'kept              300 (1Mi) that are stored: restore 20260601T110000Z\nset aside'],
    ['what of it is not certain, and what went', { keep: { since: '2026-06-01T11:00:00Z', why: 'restore', records: 300, bytes: 2 ** 20, unchecked: 12, dropped: 7 } }, '\n                  12 of them are still to be looked for in the database that is live\n                  7 went: events that came needed their room'],
    ['how large the largest is that GlitchTip has in hand', { records: { underWay: 1, largestBytes: 2_400_000 } }, 'the largest       2Mi, of those under way and not seen'],
    ['that there is nothing', { spool: { liveBytes: 0, limitBytes: 2 ** 30 } }, 'oldest            none'],
    ['what was refused, by reason', { refused: { 'unknown key': 12, 'rate limit': 3 } }, 'refused           unknown key 12\n                  rate limit 3'],
    ['what was left out, by project', { ignored: [{ project: 1, type: 'span', items: 9 }, { project: 2, type: 'session', items: 4 }, { project: 1, type: 'attachment', items: 1 }] }, 'left out          project 1: span 9, attachment 1\n                  project 2: session 4'],
    ['who still sends by http', { plain: { until: '2027-03-01T00:00:00.000Z', projects: [{ project: 7, requests: 30, refused: 0, lastAt: '2026-06-01T11:00:00Z' }, { project: 9, requests: 4, refused: 4, lastAt: '2026-06-01T11:30:00Z' }] } }, 'by http           taken until 2027-03-01\n                  project 7: 30, the last 60 min ago\n                  project 9: 4, 4 of them too late, the last 30 min ago'],
    ['that nobody sends by http', { plain: { until: '2027-03-01T00:00:00.000Z', projects: [] } }, 'by http           taken until 2027-03-01\n                  none since it started'],
    ['whom it does not believe', { disbelieved: { address: '10.244.0.9', requests: 7 } }, 'not believed      7 by https, of the proxy 10.244.0.9: '],
    ['whose figures these are not', { others: ['gateway-55d8'] }, 'also on the volume: gateway-55d8; what is there is not counted above, but for what was set aside'],
  ])('says %s', (_, more, expected) => expect(show(more).join('\n')).toContain(expected));

  it('of another version says what it does not tell, and takes what it tells more', () => {
    const lines = renderStatus(gatewayStatus.parse({ gateway: 'g', spool: { new: 1 }, later: true }), NOW, plain).split('\n');
    expect(lines.slice(1, 6)).toEqual(['spool             not told', 'oldest            none', 'waiting           not told', 'under way         not told', 'not seen in time  not told']);
  });
});

describe('the table of records', () => {
  it('has no column of which nothing is known, and obeys nothing in it', () => {
    const text = renderRecords([recordLine.parse({ id: 'a', state: 'waiting', why: '\u001b[1m' })], NOW);
    expect([text.includes('project'), text.includes('received'), text.includes('\\u{1b}[1m'), text.includes('\u001b')]).toEqual([false, false, true, false]);
  });
});
