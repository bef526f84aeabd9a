// What a person asks for with the annotation glitchkeeper.io/rehearse: a release.
import { rehearsedReleases, releaseOf, type Release } from '../../api/glitchtip-releases.js';
import { cut } from '../text-limits.js';

export type RehearsalRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'begin'; readonly version: Release }
  | { readonly kind: 'invalid'; readonly message: string };

/** @param running the release that runs here */
export function parseRehearsalRequest(annotation: string | undefined, running: Release): RehearsalRequest {
  if (annotation === undefined) return { kind: 'none' };
  const releases = rehearsedReleases(running);
  const version = releaseOf(annotation.trim());
  if (version !== undefined && releases.includes(version)) return { kind: 'begin', version };
  return { kind: 'invalid', message: `expected ${describeReleases(running)}, found "${cut(annotation, 40)}"` };
}

/** `5.2, which runs here, or 6.2`. */
export function describeReleases(running: Release): string {
  const [, next] = rehearsedReleases(running);
  return next === undefined ? `${running}, which runs here and is the newest` : `${running}, which runs here, or ${next}, the next one`;
}
