// The figures of a check.
import { expect, it } from '@jest/globals';
import { figuresOf } from '../../../../../operator/core/health/health-figures.js';
import { served } from './https-causes.js';
import { NOW, databaseOf, factsOf, gatewayOf } from './health-scenarios.js';

it.each<[string, readonly [days: number, leastDays: number][], object]>([
  ['right before a daily maintenance, a table with few of them', [[2.8, 2.5], [6.1, 5.5]], { partitionDays: 2.8, partitionMissingDays: 0 }],
  ['after it did not run', [[2.2, 2.5], [5.4, 5.5]], { partitionDays: 2.2, partitionMissingDays: 0.3 }],
  ['when the longer ones are short of more', [[2.4, 2.5], [3, 5.5]], { partitionDays: 2.4, partitionMissingDays: 2.5 }],
])('days of partitions %s', (_, tables, figures) => {
  const partitions = tables.map(([days, leastDays], index) => ({ table: `table_${index}`, days, leastDays }));
  expect(figuresOf(factsOf({ database: databaseOf({ partitions }) }), NOW)).toMatchObject(figures);
});

it('what was left out are the ten that are sent most, and nothing where nothing was', () => {
  const ignored = Array.from({ length: 30 }, (_, project) => ({ project, type: 'session', items: project }));
  const { leftOut } = figuresOf(factsOf({ gateway: gatewayOf({ ignored }) }), NOW);
  expect(leftOut?.map(({ project }) => project)).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20]);
  expect(figuresOf(factsOf({ gateway: gatewayOf() }), NOW)).not.toHaveProperty('leftOut');
});

it('days of the certificate are those of the Secret, and of the one that is served where there is none', () => {
  const certificate = { kind: 'seen', secret: 'web-tls', startsAt: NOW, endsAt: new Date(NOW.getTime() + 30 * 86_400_000) } as const;
  expect(figuresOf(factsOf(served(60)), NOW)).toMatchObject({ certificateDays: 60 });
  expect(figuresOf(factsOf({ ...served(60), certificate }), NOW)).toMatchObject({ certificateDays: 30 });
  expect(figuresOf(factsOf(), NOW)).not.toHaveProperty('certificateDays');
});
