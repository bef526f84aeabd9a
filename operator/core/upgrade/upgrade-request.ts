// What a person asks for with the annotation glitchkeeper.io/upgrade.
import { describeRefusal, nextRelease, releaseOf, type Release } from '../../api/glitchtip-releases.js';
import { cut } from '../text-limits.js';

/** Of the upgrade that is under way: `stay` ends the way back before anything was restored; `import` brings events of the old release to where the new one looks for them. */
export const UPGRADE_TURNS = ['confirm', 'undo', 'stay', 'import'] as const;
export type UpgradeTurn = (typeof UPGRADE_TURNS)[number];

export type UpgradeRequest =
  | { readonly kind: 'begin'; readonly to: Release }
  | { readonly kind: UpgradeTurn }
  | { readonly kind: 'invalid'; readonly message: string };

/** A release, or a turn. @param running the release that the resource's version says */
export function parseUpgradeRequest(annotation: string, running: Release): UpgradeRequest {
  const word = annotation.trim();
  const turn = UPGRADE_TURNS.find((each) => each === word);
  if (turn !== undefined) return { kind: turn };
  if (!/^[0-9]+\.[0-9]+(\.[0-9]+)?$/.test(word)) return invalid(`expected a release, or one of ${UPGRADE_TURNS.join(', ')}; found "${cut(annotation, 100)}"`);
  const to = releaseOf(word);
  if (to === undefined) return invalid(describeRefusal(word));
  const next = nextRelease(running);
  if (to === running) return invalid(`${to} is what version says already`);
  return to === next ? { kind: 'begin', to } : invalid(`expected ${next ?? 'none: there is no newer release'}, for ${running} runs; found ${to}`);
}

function invalid(what: string): UpgradeRequest {
  return { kind: 'invalid', message: `Annotation glitchkeeper.io/upgrade: ${what}.` };
}
