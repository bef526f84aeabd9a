// Every cause of HTTPS: by a proxy of one's own, by k3s' Traefik, by a tunnel.
import { describe, expect, it } from '@jest/globals';
import { DEFAULT, HTTPS, SECRET_CAUSES, TRAEFIK_CAUSES, TUNNEL_CAUSES, served } from './https-causes.js';
import { WORKER_SPEC, causesOf, diagnosisOf, specOf } from './health-scenarios.js';

describe('a cause of https', () => {
  it.each(SECRET_CAUSES)('%s', (_, facts, wanted) => expect(causesOf(facts)).toEqual(wanted));

  it.each(TRAEFIK_CAUSES)('%s', (_, facts, wanted) => {
    const { causes } = diagnosisOf(facts, specOf({ ...WORKER_SPEC, https: HTTPS }));
    expect(causes.map(({ reason, part, severity }) => `${reason}/${part} ${severity}`)).toEqual(wanted);
  });

  it.each([
    [24, 'The certificate of errors.example.com ends in 24 days, and Traefik has not renewed it: it has been due for 6 days, and Traefik tries once a day.'],
    [7, 'The certificate of errors.example.com ends in 7 days, and Traefik has not renewed it: it has been due for 23 days, and Traefik tries once a day.'],
  ])('what Traefik did not renew, with %i days left, is told as that, and where the reason is', (left, message) => {
    expect(diagnosisOf(served(left), specOf({ ...WORKER_SPEC, https: HTTPS })).causes).toMatchObject([{ message, advice: expect.stringMatching(/^glitchkeeper doctor has the reason of the ACME server; /) }]);
  });

  it("Traefik's own certificate is no cause where the settings want it", () => {
    expect(diagnosisOf(served(300, { ...DEFAULT, hasHsts: false }), specOf({ ...WORKER_SPEC, https: { ...HTTPS, selfSigned: true } })).causes).toEqual([]);
  });

  it.each(TUNNEL_CAUSES)('of a tunnel: %s', (_, facts, wanted) => {
    const { causes } = diagnosisOf(facts, specOf({ ...WORKER_SPEC, tunnel: {} }));
    expect(causes.map(({ reason, part, severity }) => `${reason}/${part} ${severity}`)).toEqual(wanted);
  });
});
