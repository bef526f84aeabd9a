// doctor: whether each container runs the image that its name says, and whether a tag is one image for all that run it.
import { ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import type { RunningPod } from './kubernetes-objects.js';

const DIGEST = /@(sha256:[a-f0-9]{64})$/;
/** A pod that has ended ran what its tag meant then. */
const ENDED: readonly string[] = ['Succeeded', 'Failed'];

interface Running {
  /** `web-0/web`. */
  readonly where: string;
  /** As the pod names it. */
  readonly image: string;
  /** As the node has it, `docker.io/library/node@sha256:...`; of an image that was loaded from a file there may be no digest of a registry. */
  readonly id: string;
}

export function checkImages({ pods, place: { namespace } }: Facts): readonly Finding[] {
  return onSight('images', pods, (all) => {
    const running = all.filter(({ status: { phase } }) => !ENDED.includes(phase)).flatMap(imagesOf);
    const names = [...new Set(running.map(({ image }) => image))];
    const pinned = names.filter((name) => DIGEST.test(name)).length;
    const found = `${names.length} by name, ${pinned} of them with a digest (images in settings.yaml takes one)`;
    return oneOrEach(ok('images', found), [...running.flatMap((each) => otherDigest(each, namespace)), ...names.flatMap((name) => movedTag(name, running, namespace))]);
  });
}

function imagesOf({ metadata: { name: pod }, spec, status }: RunningPod): readonly Running[] {
  const ids = new Map([...status.initContainerStatuses, ...status.containerStatuses].map(({ name, imageID }) => [name, imageID]));
  return [...spec.initContainers, ...spec.containers].flatMap(({ name, image }) => {
    const id = ids.get(name) ?? '';
    return image === '' || id === '' ? [] : [{ where: `${pod}/${name}`, image, id }];
  });
}

/** An index and the image that it names for one kind of machine have a digest each, and a node may call an image by either. */
function otherDigest({ where, image, id }: Running, namespace: string): readonly Finding[] {
  const [wanted, found] = [DIGEST.exec(image)?.[1], DIGEST.exec(id)?.[1]];
  if (wanted === undefined || found === undefined || wanted === found) return [];
  return [warning('images', `${where} is named with ${short(wanted)} and runs ${short(found)}: another image, or the same by the digest for this kind of machine`,
    `kubectl --namespace ${namespace} delete pod ${where.split('/')[0] ?? ''} starts it anew; name the digest that it runs then`)];
}

function movedTag(image: string, running: readonly Running[], namespace: string): readonly Finding[] {
  const ids = new Map(running.filter((each) => each.image === image).map(({ id, where }) => [id, where]));
  if (ids.size < 2 || DIGEST.test(image)) return [];
  const which = [...ids].map(([id, where]) => `${where} runs ${short(id)}`).join(', ');
  return [warning('images', `${image} is not one image: ${which}`, `name it with its digest in images of settings.yaml, and apply; until then kubectl --namespace ${namespace} delete pod starts the older ones anew`)];
}

/** Enough to tell two apart. */
function short(id: string): string {
  return /sha256:[a-f0-9]{12}/.exec(id)?.[0] ?? id;
}
