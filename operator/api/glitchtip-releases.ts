// The releases of GlitchTip: which of them are served and how that was shown, which are refused and what to use instead. By minor version, for a
// patch changes no fact: each table of facts (charts/releases.ts, operator/core/health/release-facts.ts, gateway/) has a row for each of these.

export const RELEASES = ['5.2', '6.2'] as const;
export type Release = (typeof RELEASES)[number];

/** What everything that is said of a release rests on. */
export const PROVEN: Readonly<Record<Release, string>> = {
  '5.2': 'run and measured by this project',
  '6.2': 'not run by this project: proven against a double over its real queue, cache, driver and server only',
};

/** Releases that exist, or are spoken of, and why they are not served. */
const REFUSED: Readonly<Record<string, string>> = {
  '6.0': 'has an authorization bypass (closed in 6.1.7): use 6.2',
  '6.1': 'has an authorization bypass before 6.1.7, and nobody tries what came after it: use 6.2',
  '7.0': 'has no published image that could be found: use 6.2',
};

/** The release that a version belongs to: 6.2 of 6.2.6. Undefined: it is not served. */
export function releaseOf(version: string): Release | undefined {
  const minor = minorOf(version);
  return RELEASES.find((release) => release === minor);
}

/** @throws RangeError for what the manifests would not offer */
export function knownRelease(release: string): Release {
  const known = RELEASES.find((each) => each === release);
  if (!known) throw new RangeError(`expected a release among ${RELEASES.join(', ')}, found ${release}`);
  return known;
}

/** What was expected instead of a version that is not served, with the reason where there is one. */
export function describeRefusal(version: string): string {
  const why = REFUSED[minorOf(version)];
  return `expected one of ${RELEASES.join(', ')}, found ${JSON.stringify(version)}${why === undefined ? '' : `, which ${why}`}`;
}

/** All reasons in one sentence, for a schema, which cannot say what it found. */
export const REFUSALS = `expected a release among ${RELEASES.join(', ')}: ${Object.entries(REFUSED).map(([release, why]) => `${release} ${why}`).join('; ')}`;

/**
 * The release that the tag of an image names: 6.2 of glitchtip/glitchtip:6.2.6, v6.2 or 6.2-arm64, and 6 of a bare 6, which moves.
 * Undefined: the tag is no version of GlitchTip, or there is nothing but a digest.
 */
export function releaseOfImage(image: string): string | undefined {
  return versionOfImage(image)?.release;
}

/** 6 of glitchtip/glitchtip:6.2.6. Undefined: the tag names none. */
export function patchOfImage(image: string): number | undefined {
  const patch = versionOfImage(image)?.patch;
  return patch === undefined ? undefined : Number(patch);
}

function versionOfImage(image: string): { readonly release?: string; readonly patch?: string } | undefined {
  const tag = /:([^/:]+)$/.exec(image.replace(/@.*$/, ''))?.[1] ?? '';
  return /^v?(?<release>[4-9](?:\.\d+)?)(?:\.(?<patch>\d+))?(?:\.\d+)*(?:[-_+].*)?$/.exec(tag)?.groups;
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** The one that an upgrade leads to; undefined for the newest. */
export function nextRelease(release: Release): Release | undefined {
  return RELEASES[RELEASES.indexOf(release) + 1];
}

/** Those whose migrations can be tried where a release runs: its own, of which none must be left, and those of the next. */
export function rehearsedReleases(running: Release): readonly Release[] {
  const next = nextRelease(running);
  return next === undefined ? [running] : [running, next];
}

/** Whose copies the migrations of a release can be tried on: its own, and those of the release before. */
export function rehearsalBases(release: Release): readonly Release[] {
  const place = RELEASES.indexOf(release);
  return RELEASES.slice(Math.max(0, place - 1), place + 1);
}
