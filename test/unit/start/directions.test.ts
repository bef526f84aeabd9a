// The last lines of `npm start`.
import { describe, expect, it } from '@jest/globals';
import { directions } from '../../../start/directions.js';

const SETTINGS = { namespace: 'errors', administrator: { email: 'ada@example.com' } };
const OWN = { kubectl: 'kubectl', cluster: [], description: 'context mine', embedded: false, doubles: [] };

describe('the directions', () => {
  it('say where, who, and with which command', () => {
    const text = directions(OWN, SETTINGS, { port: 9091, keep: false });
    expect(text).toContain('http://localhost:9091');
    expect(text).toContain('ada@example.com');
    expect(text).toContain('--namespace errors get secret glitchtip-admin');
    expect(text).not.toContain('NOTE');
  });

  it("say first of all that it is the tests' double, where it is", () => {
    const text = directions({ ...OWN, embedded: true, doubles: ['docker.io/glitchtip/glitchtip:5.2'] }, SETTINGS, { port: 9090, keep: false });
    expect(text).toMatch(/^NOTE: docker.io\/glitchtip\/glitchtip:5.2 was made on this machine .* It is the tests' double, not GlitchTip/);
  });

  it.each([[true, false, 'removes the cluster'], [true, true, 'goes on running'], [false, false, 'goes on running']])('say what Ctrl-C does (embedded %s, keep %s)', (embedded, keep, words) => {
    expect(directions({ ...OWN, embedded }, SETTINGS, { port: 9090, keep })).toContain(words);
  });
});
