// The figures of a check.
import { expect, it } from '@jest/globals';
import { figuresOf } from '../../../../../operator/core/health/health-figures.js';
import { served } from './https-causes.js';
import { NOW, databaseOf, factsOf } from './health-scenarios.js';

it.each<[string, readonly [days: number, leastDays: number][], object]>([
  ['right before a daily maintenance, a table with few of them', [[2.8, 2.5], [6.1, 5.5]], { partitionDays: 2.8, partitionMissingDays: 0 }],
  ['after it did not run', [[2.2, 2.5], [5.4, 5.5]], { partitionDays: 2.2, partitionMissingDays: 0.3 }],
  ['when the longer ones are short of more', [[2.4, 2.5], [3, 5.5]], { partitionDays: 2.4, partitionMissingDays: 2.5 }],
])('days of partitions %s', (_, tables, figures) => {
  const partitions = tables.map(([days, leastDays], index) => ({ table: `table_${index}`, days, leastDays }));
  expect(figuresOf(factsOf({ database: databaseOf({ partitions }) }), NOW)).toMatchObject(figures);
});

it('days of the certificate are those of the Secret, and of the one that is served where there is none', () => {
  const certificate = { kind: 'seen', secret: 'web-tls', startsAt: NOW, endsAt: new Date(NOW.getTime() + 30 * 86_400_000) } as const;
  expect(figuresOf(factsOf(served(60)), NOW)).toMatchObject({ certificateDays: 60 });
  expect(figuresOf(factsOf({ ...served(60), certificate }), NOW)).toMatchObject({ certificateDays: 30 });
  expect(figuresOf(factsOf(), NOW)).not.toHaveProperty('certificateDays');
});
