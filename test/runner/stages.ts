// What a run consists of: steps that others need, checks of the source, and suites of tests; which of them are chosen, and what they need.
import { execa } from 'execa';
import { readImageMode, registryAnswers } from '../../embedded/images/registry.js';

export interface Stage {
  readonly name: string;
  readonly what: string;
  /** A step makes something, a check passes or fails as one, a suite is a Jest project. */
  readonly kind: 'step' | 'check' | 'suite';
  /** Stages that must have passed before. */
  readonly needs: readonly string[];
  /** Stages that must have ended before, if they are part of the run: both would be in each other's way. @default none */
  readonly after?: readonly string[];
  /** Of a suite: files that may run at the same time. At low priority: slots that it takes of SLOTS. */
  readonly workers: number;
  /** No goal of it is in seconds of the clock: it takes what the clusters leave of the processors. */
  readonly lowPriority: boolean;
  /** Of a check that a run without names has wherever images may be pulled, outside of CI too: it is of the product, not of its source. @default no */
  readonly ofProduct?: true;
  /** Of a step or a check. */
  readonly command?: readonly string[];
  /** Why this machine cannot run it; undefined: it can. */
  readonly cannot?: () => Promise<string | undefined>;
}

/** Stages at low priority that run side by side have so many workers together. */
export const SLOTS = 2;

/** Names by which a suite finds out that these steps were taken for it. */
export const READY = { build: 'GLITCHKEEPER_READY_BUILD', parts: 'GLITCHKEEPER_READY_PARTS' } as const;

const check = (name: string, what: string, script: string): Stage =>
  ({ name, what, kind: 'check', needs: [], workers: 1, lowPriority: true, command: ['npm', 'run', '--silent', script] });

/**
 * What is cheap and fails soonest is first, and the clusters wait for it. Tests with a bound in seconds of the clock run with the processors to
 * themselves: before the clusters, or after them.
 */
export const STAGES: readonly Stage[] = [
  { name: 'build', what: 'operator, synthesizer, CLI and library', kind: 'step', needs: [], workers: 0, lowPriority: false, command: ['npm', 'run', '--silent', 'build'] },
  // On a fresh machine it compiles Kubernetes, which takes minutes. At low priority, so that what is cheap fails early beside it; no cluster runs yet that it could disturb.
  { name: 'parts', what: "Debian's packages, programs and images of the clusters", kind: 'step', needs: [], workers: 0, lowPriority: true, command: ['tsx', 'test/support/real-parts.ts'], cannot: realParts },
  // Much of its time it waits: for polls of a second, and for programs that start.
  { name: 'unit', what: 'decisions, in tables', kind: 'suite', needs: [], workers: 3, lowPriority: false },
  { name: 'charts', what: 'manifests', kind: 'suite', needs: ['build'], workers: 1, lowPriority: false },
  // Two clusters at a time, of which one mostly waits. Each takes 2 GiB.
  { name: 'cluster', what: 'real pods', kind: 'suite', needs: ['build', 'parts'], after: ['unit', 'charts'], workers: 2, lowPriority: false, cannot: realParts },
  check('types', 'TypeScript', 'typecheck'),
  check('generated', 'generated files are what is generated now', 'generate:check'),
  // The longest of the checks: on a fresh machine the clusters would wait for what it takes from the compilers.
  { ...check('lint', 'ESLint', 'lint'), after: ['parts'] },
  { name: 'api', what: 'a real API server and a real Postgres', kind: 'suite', needs: ['build', 'parts'], after: ['unit', 'charts', 'cluster'], workers: 2, lowPriority: false, cannot: realParts },
  {
    name: 'contract', what: "GlitchTip's own image of 6.2, beside its double", kind: 'check', ofProduct: true, needs: ['parts'], after: ['unit', 'charts', 'cluster', 'api'], workers: 1, lowPriority: false,
    command: ['npm', 'run', '--silent', 'contract'], cannot: withRegistry,
  },
  { name: 'replay', what: 'real servers, cut off at each write', kind: 'suite', needs: ['build', 'parts'], workers: 2, lowPriority: true, cannot: realParts },
];

/** Against the double it would prove nothing that the suite api does not. */
async function withRegistry(): Promise<string | undefined> {
  const mode = readImageMode(process.env);
  if (mode === 'local') return 'it pulls an image, and GLITCHKEEPER_IMAGES=local';
  return await realParts() ?? (mode === 'pull' || await registryAnswers() ? undefined : 'no image registry answers');
}

/** Whether it leaves the processors to others: only to clusters, without which nobody is disturbed. */
export function yieldsToClusters({ lowPriority }: Stage, run: readonly Stage[]): boolean {
  return lowPriority && run.some(({ name }) => name === 'cluster');
}

async function realParts(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'it needs root (network namespaces, cgroups)';
  const { failed } = await execa('go', ['version'], { reject: false });
  return failed ? 'it needs Go 1.24 or newer on PATH, to build Kubernetes' : undefined;
}

/**
 * The stages to run, in the order of the table: those named, or all that is of the product and with `checks` every check; and what they need.
 * @param options pulls: whether images may be pulled, without which a check of the product has nothing to look at
 * @throws Error for a name that is none
 */
export function chooseStages(names: readonly string[], { checks, pulls }: { readonly checks: boolean; readonly pulls: boolean }, stages: readonly Stage[] = STAGES): Stage[] {
  const known = stages.filter(({ kind }) => kind !== 'step');
  const unknown = names.filter((name) => !known.some((stage) => stage.name === name));
  if (unknown.length > 0) throw new Error(`expected stages among ${known.map(({ name }) => name).join(', ')}, found ${unknown.join(', ')}`);
  const wanted = new Set(names.length > 0 ? names : known.filter(({ kind, ofProduct }) => kind === 'suite' || (ofProduct ? pulls : checks)).map(({ name }) => name));
  const needed = new Set(stages.filter(({ name }) => wanted.has(name)).flatMap(({ needs }) => needs));
  return stages.filter(({ name }) => wanted.has(name) || needed.has(name));
}
