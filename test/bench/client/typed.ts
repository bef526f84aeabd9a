// KubeConfig, Watch and one API of the generated ones, which turns each answer into objects of its classes.
import { CoreV1Api } from '@kubernetes/client-node';
import { loadConfiguration } from './configuration.js';
import { COLLECTION, keepAsking } from './place.js';
import './watch.js';

const api = loadConfiguration().makeApiClient(CoreV1Api);
const namespace = /namespaces\/([^/]+)/.exec(COLLECTION)?.[1] ?? '';

keepAsking(() => api.listNamespacedConfigMap({ namespace }));
