// Whether the quota lets one more web pod start.
import { describe, expect, it } from '@jest/globals';

import { explainNoRoom, podNeeds, type ContainerResources } from '../../../../../operator/core/rotation/quota-room.js';

const MI = 2 ** 20;
const small: ContainerResources = { requests: { cpu: '100m', memory: '100Mi' }, limits: { memory: '200Mi' } };
const large: ContainerResources = { requests: { cpu: '1', memory: '50Mi' }, limits: { cpu: '2', memory: '400Mi' } };
const needs = (containers: ContainerResources[], initContainers: ContainerResources[] = []) => {
  const found = podNeeds({ containers, initContainers });
  return [found['requests.cpu'], found['requests.memory'], found['limits.cpu'], found['limits.memory']];
};

describe('a pod needs', () => {
  it.each<[string, number[], number[]]>([
    ['nothing when it says nothing', needs([{}]), [0, 0, 0, 0]],
    ['what its container says', needs([small]), [0.1, 100 * MI, 0, 200 * MI]],
    ['its containers together', needs([small, large]), [1.1, 150 * MI, 2, 600 * MI]],
    ['its largest init container where that is more, one resource at a time', needs([small], [large, small]), [1, 100 * MI, 2, 400 * MI]],
    ['of a container with limits only, as much as it is limited to', needs([{ limits: { cpu: '1', memory: '1Mi' } }]), [1, MI, 1, MI]],
  ].map(([name, found, wanted]) => [name as string, found as number[], wanted as number[]]))('%s', (_, found, wanted) => expect(found).toEqual(wanted));
});

describe('one more pod', () => {
  const pod = podNeeds({ containers: [small], initContainers: [] });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['when there is no limit', {}, {}],
    ['when the quota is empty yet', { 'limits.memory': '200Mi' }, {}],
    ['when it fits to the byte', { 'limits.memory': '1Gi', 'requests.cpu': '1' }, { 'limits.memory': '824Mi', 'requests.cpu': '900m' }],
    ['when another resource is limited', { pods: '1' }, { pods: '1' }],
    ['when nobody can read the limit', { 'limits.memory': 'much' }, { 'limits.memory': '1Gi' }],
  ])('has room %s', (_, hard, used) => expect(explainNoRoom(pod, { hard, used })).toBeUndefined());

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['memory is short by a little', { 'limits.memory': '1Gi' }, { 'limits.memory': '825Mi' }, 'limits.memory 825Mi of 1Gi is used.'],
    ['memory is used up', { 'requests.memory': '1Gi' }, { 'requests.memory': '1Gi' }, 'requests.memory 1Gi of 1Gi is used.'],
    ['CPU is short', { 'requests.cpu': '1', 'limits.memory': '1Gi' }, { 'requests.cpu': '950m', 'limits.memory': '0' }, 'requests.cpu 950m of 1 is used.'],
    ['the pod alone is too large', { 'limits.memory': '100Mi' }, {}, 'limits.memory ? of 100Mi is used.'],
  ])('has none when %s', (_, hard, used, end) => expect(explainNoRoom(pod, { hard, used })).toBe(`The quota leaves no room for one more pod, as a rollout needs it: ${end}`));
});
