/** Finds out whether an image registry answers from here, which decides between pulling and building images. */
import * as z from 'zod';

/** How to get the images: `auto` pulls when a registry answers and builds otherwise. */
const imageModeSchema = z.enum(['auto', 'local', 'pull']);
export type ImageMode = z.infer<typeof imageModeSchema>;

/** Reads GLITCHKEEPER_IMAGES; throws with what was expected and found. */
export function readImageMode(env: NodeJS.ProcessEnv): ImageMode {
  const value = env['GLITCHKEEPER_IMAGES'] ?? 'auto';
  const parsed = imageModeSchema.safeParse(value);
  if (!parsed.success) {
    throw new Error(`GLITCHKEEPER_IMAGES must be auto, local or pull, found "${value}".`);
  }
  return parsed.data;
}

/** Docker Hub's API answers 401 to a caller without a token: that is an answer. */
export async function registryAnswers(timeoutMilliseconds = 3000, fetcher: typeof fetch = fetch): Promise<boolean> {
  try {
    const response = await fetcher('https://registry-1.docker.io/v2/', { signal: AbortSignal.timeout(timeoutMilliseconds) });
    return response.status === 200 || response.status === 401;
  } catch {
    // No name, no route, no certificate or no time: all mean the same here.
    return false;
  }
}
