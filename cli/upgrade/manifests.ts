// The manifests of a release, as synth wrote them: which release they are of, and applying them when the upgrade is ready for it.
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { readManifests } from '../../charts/manifest-folder.js';
import { releaseOf } from '../../operator/api/glitchtip-releases.js';
import { KIND } from '../../operator/api/object-names.js';
import { Failure, explainFailure, type ProgramError } from '../failure.js';
import { kubectl, type Target } from '../kubectl.js';

const settingsMap = z.object({ kind: z.literal('ConfigMap'), data: z.object({ 'glitchtip.yaml': z.string() }) });
const resource = z.object({ kind: z.literal(KIND), spec: z.object({ version: z.string() }) });

/** The folder of synth. */
export const MANIFESTS = 'dist';

/** The release that the manifests of a folder are of; undefined: there are none of ours. @throws Error for what is no YAML */
export function releaseOfManifests(folder: string): string | undefined {
  const documents = parseAllDocuments(readManifests(folder)).map((document) => document.toJS() as unknown);
  for (const document of documents) {
    const found = settingsMap.safeParse(document);
    const parsed = found.success ? resource.safeParse(parse(found.data.data['glitchtip.yaml'])) : undefined;
    if (parsed?.success === true) return releaseOf(parsed.data.spec.version) ?? parsed.data.spec.version;
  }
  return undefined;
}

/** @throws Failure when they are of another release, or there are none */
export function checkManifests(folder: string, wanted: string): void {
  const found = releaseOfManifests(folder);
  if (found === wanted) return;
  const what = found === undefined ? `${folder}/ has none` : `${folder}/ has those of ${found}`;
  throw new Failure('refused', `expected the manifests of ${wanted} in ${folder}/: ${what}. Set version: "${wanted}" in settings.yaml and run npm run synth; or pass --no-apply, and apply them when it says so`);
}

/** As the README does it. @throws Failure */
export async function applyManifests(target: Target, folder: string): Promise<void> {
  try {
    await kubectl(target, 'apply', '--filename', folder);
  } catch (error) {
    throw explainFailure(error as ProgramError);
  }
}
