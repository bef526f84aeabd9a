// What Prometheus gets of the gateway that nobody else can count.
import { describe, expect, it } from '@jest/globals';
import { seriesOf } from '../../operator/io/metrics/metrics-series.js';
import { gatewayAtRest } from './watched-gateway.js';

describe('the figures', () => {
  it('of what was given again never go down, and are what the delivery counted', async () => {
    const rest = gatewayAtRest();
    const given: string[][] = [];
    for (const resent of [0, 3, 3, 5]) {
      rest.resent = resent;
      given.push(await seriesOf(rest.metrics, 'glitchkeeper_gateway_resent_records_total'));
    }
    expect(given.flat()).toEqual([0, 3, 3, 5].map((resent) => `glitchkeeper_gateway_resent_records_total ${resent}`));
  });

  it('of the way from received to stored are in seconds; a clock that was set back makes it none', async () => {
    const { metrics } = gatewayAtRest();
    for (const milliseconds of [700, 45_000, -5_000]) metrics.countStored(milliseconds);
    const within = async (seconds: string) => (await seriesOf(metrics, 'glitchkeeper_gateway_stored_seconds_bucket')).filter((line) => line.includes(`le="${seconds}"`));
    expect([...await within('0.5'), ...await within('1'), ...await within('60')].map((line) => line.split(' ')[1])).toEqual(['1', '2', '3']);
    expect(await seriesOf(metrics, 'glitchkeeper_gateway_stored_seconds_sum')).toEqual(['glitchkeeper_gateway_stored_seconds_sum 45.7']);
  });
});
