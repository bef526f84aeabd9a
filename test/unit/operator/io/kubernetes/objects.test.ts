import { describe, expect, it } from '@jest/globals';
import { KubernetesObjects } from '../../../../../operator/io/kubernetes/objects.js';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { ApiError } from '../../../../../operator/io/kubernetes/api-error.js';

const signal = new AbortController().signal;
const answering = (failure: Error) => new KubernetesObjects({ get: () => Promise.reject(failure) } as unknown as KubernetesApi, 'errors', 'glitchkeeper-0');

describe('a resource that is asked for', () => {
  it('is absent when the API server says so of it', async () => {
    expect(await answering(new ApiError(404, 'NotFound', 'not found', 'gt')).readResource('gt', signal)).toBeUndefined();
  });

  it.each([
    ['something in between says 404', new ApiError(404, 'Unknown', '')], ['its kind is not known', new ApiError(404, 'NotFound', 'the server could not find the requested resource')],
    ['nobody answers', new Error('ECONNREFUSED')],
  ])('is not absent when %s', async (_, failure) => {
    await expect(answering(failure).readResource('gt', signal)).rejects.toBe(failure);
  });
});
