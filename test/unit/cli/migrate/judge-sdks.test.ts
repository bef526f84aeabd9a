// What a plan says of SDKs: what was found of which versions, and which nobody tried.
import { describe, expect, it } from '@jest/globals';
import { judgeSdks } from '../../../../cli/migrate/judge-sdks.js';

const judge = (...sdks: readonly (readonly [name: string, version: string])[]) => judgeSdks(sdks.map(([name, version], index) => ({ name, version, events: index }))).map(({ verdict, text }) => `${verdict} ${text}`);

describe('an SDK', () => {
  it.each<[string, string, string, readonly RegExp[]]>([
    ['that was run works', 'sentry.python', '2.75.0', []],
    ['of another framework of one that was run works', 'sentry.java.spring-boot', '8.1.0', []],
    ['that streams spans works otherwise', 'sentry.javascript.react', '11.12.0', [/^differs sentry\.javascript\.react 11\.12\.0: they stream spans, and send no transactions/]],
    ['for Node that streams spans has messages in one issue, too', 'sentry.javascript.node', '12.0.0', [/^differs .*stream spans/, /^differs .*attachStacktrace: false/]],
    ['of the versions before loses spans beside transactions', 'sentry.javascript.browser', '10.1.0', [/^lost .*beside transactions/]],
    ['of JavaScript of long before has no such spans', 'sentry.javascript.browser', '7.120.0', []],
    ['of JavaScript without a version is not judged', 'sentry.javascript.browser', '', []],
    ['that nobody ran is named', 'sentry.php', '4.9.0', [/^differs nobody tried sentry\.php 4\.9\.0 with this stack, and nothing is known against it/]],
    ['of the old protocol is such a one', 'raven-ruby', '3.1.2', [/^differs nobody tried raven-ruby/]],
    ['whose name begins like that of another is such a one', 'sentry.gothic', '1.0', [/^differs nobody tried/]],
  ])('%s', (_, name, version, expected) => {
    expect(judge([name, version])).toEqual([expect.stringMatching(/^works /), ...expected.map((each) => expect.stringMatching(each))]);
  });

  it('is not spoken of where the old server says nothing', () => {
    expect([judgeSdks(undefined), judgeSdks([])]).toEqual([[], []]);
  });

  it('is named among those of most events, and the others are counted', () => {
    expect(judge(...Array.from({ length: 10 }, (_, index) => ['sentry.python', `${index}`] as const))[0]).toBe('works sentry.python 9, sentry.python 8, sentry.python 7, sentry.python 6, sentry.python 5, sentry.python 4, sentry.python 3, sentry.python 2 and 2 more');
  });
});
