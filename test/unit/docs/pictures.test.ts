// The pictures in docs/ show what the CLI writes today.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { drawPictures } from '../../../docs/pictures/pictures.js';
import { drawTerminal } from '../../../docs/pictures/svg.js';

describe('the pictures are current (npm run docs:pictures draws them)', () => {
  it.each(Object.entries(drawPictures()))('%s', (name, picture) => expect(readFileSync(`docs/pictures/${name}`, 'utf8')).toBe(picture));
});

describe('a terminal as a picture', () => {
  it('keeps colours, columns and signs', () => {
    const picture = drawTerminal('a & b', 'x \x1b[31m<bad>\x1b[39m  y');
    expect(picture).toContain('>a &amp; b</text>');
    expect(picture).toMatch(/<text x="34.8" y="66" fill="#ff7a85" textLength="42.0" lengthAdjust="spacingAndGlyphs">&lt;bad&gt;<\/text>/);
    expect(picture).toMatch(/<text x="93.6" y="66" fill="#d6deeb"[^>]*>y<\/text>/);
  });
  it('is as large as its text', () => expect(drawTerminal('t', 'a\nb\nc')).toContain('width="540" height="121"'));
});
