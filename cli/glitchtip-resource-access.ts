// The GlitchTip resource as the commands see it: where it is, how it is read, what it says.
import * as z from 'zod';
import { RELEASES } from '../operator/api/glitchtip-releases.js';
import { glitchTipSpec, glitchTipStatus, parseSpec, type GlitchTipSpec, type GlitchTipStatus } from '../operator/api/glitchtip-resource.js';
import { GROUP, PLURAL } from '../operator/api/object-names.js';
import { Failure, explainFailure, type ProgramError } from './failure.js';
import { ANSWER_WITHIN, callKubectl, kubectl, type Target } from './kubectl.js';

/** Which GlitchTip of which cluster. */
export interface Place {
  readonly target: Target;
  readonly namespace: string;
  readonly name: string;
}

export interface Resource {
  readonly name: string;
  readonly namespace: string;
  readonly generation: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** The defaults where it is not valid: then `problems` says why. */
  readonly spec: GlitchTipSpec;
  readonly problems: readonly string[];
  /** Without what could not be understood. */
  readonly status: GlitchTipStatus;
  /** Fields of the status that are of another version's operator, such as "status.health.incidents.0.since". */
  readonly notUnderstood: readonly string[];
}

export const KIND_NAME = `${PLURAL}.${GROUP}`;

const document = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), generation: z.number().default(0), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.unknown(),
  status: z.unknown(),
});

/** Output of kubectl about the place's namespace. @throws Failure */
export function ask(place: Pick<Place, 'target' | 'namespace'>, ...args: string[]): Promise<string> {
  return explained(kubectl(place.target, ...args, '--namespace', place.namespace, ANSWER_WITHIN));
}

/** An object of the place's namespace is made, by what only kubectl's standard input has of it. @throws Failure */
export async function create({ target, namespace }: Pick<Place, 'target' | 'namespace'>, manifest: object): Promise<void> {
  await explained(callKubectl(target, ['create', '--filename', '-', '--namespace', namespace, ANSWER_WITHIN], { input: JSON.stringify(manifest) }));
}

/** As {@link create}, over the version that the manifest names. @throws Failure, of kind conflict where somebody else was first */
export async function replace({ target, namespace }: Pick<Place, 'target' | 'namespace'>, manifest: object): Promise<void> {
  await explained(callKubectl(target, ['replace', '--filename', '-', '--namespace', namespace, ANSWER_WITHIN], { input: JSON.stringify(manifest) }));
}

/** Standard output of a command in a container of a Deployment's pod. @throws Failure, also when it does not end within 90 s, or the cluster does not answer */
export async function runInside({ target, namespace }: Pick<Place, 'target' | 'namespace'>, where: { readonly deployment: string; readonly container: string }, command: readonly string[]): Promise<string> {
  return explained(kubectl(target, 'exec', `deployment/${where.deployment}`, '--container', where.container, '--namespace', namespace, '--pod-running-timeout=15s', '--', 'timeout', '90', ...command));
}

async function explained(output: Promise<string>): Promise<string> {
  try {
    return await output;
  } catch (error) {
    throw explainFailure(error as ProgramError);
  }
}

/** @throws Failure that says which of cluster, kind, namespace, resource or right is missing */
export async function readResource(place: Place): Promise<Resource> {
  try {
    return parseResource(await ask(place, 'get', KIND_NAME, place.name, '--output', 'json'));
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'not found') throw error;
    throw await explainAbsence(place);
  }
}

/** The API server answers for a namespace that does not exist as for one that is empty. */
async function explainAbsence(place: Place): Promise<Failure> {
  const { namespace, name } = place;
  const absent = await ask(place, 'get', 'namespace', namespace, '--output', 'name').then(() => false, (error: unknown) => error instanceof Failure && error.kind === 'not found');
  if (absent) return new Failure('no namespace', `there is no namespace "${namespace}": pass --namespace; "kubectl get gt -A" lists what there is`);
  return new Failure('not found', `there is no GlitchTip "${name}" in namespace "${namespace}": the operator makes it when it starts; "kubectl get gt -A" lists what there is`);
}

/** @throws Error when it is no resource at all */
export function parseResource(json: string): Resource {
  const { metadata, spec, status } = document.parse(JSON.parse(json));
  const parsed = parseSpec(spec);
  return {
    ...metadata,
    ...readStatus(status ?? {}),
    ...(parsed.kind === 'valid' ? { spec: parsed.spec, problems: [] } : { spec: glitchTipSpec.parse({ version: RELEASES[0], valkey: {}, worker: {} }), problems: parsed.problems }),
  };
}

/** A part of it that is of another version costs no more than that part: conditions, credentials, rotation or health. */
function readStatus(raw: unknown): Pick<Resource, 'status' | 'notUnderstood'> {
  const whole = glitchTipStatus.safeParse(raw);
  if (whole.success) return { status: whole.data, notUnderstood: [] };
  const paths = whole.error.issues.map(({ path }) => path);
  const unfit = new Set(paths.map(([part]) => part));
  const rest = Object.entries(Object(raw) as object).filter(([part]) => !unfit.has(part));
  const known = glitchTipStatus.safeParse(Object.fromEntries(rest));
  return { status: known.success ? known.data : {}, notUnderstood: paths.map((path) => ['status', ...path].join('.')) };
}
