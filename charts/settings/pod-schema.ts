// The section `pods` of settings.yaml: where pods may run, and how their images are pulled.
import * as z from 'zod';
import { objectName, show } from './value-kinds.js';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const labelKey = z.string().regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/, { error: (issue) => `expected the key of a label, such as kubernetes.io/hostname, found ${show(issue.input)}` });
const labelValue = z.string({ error: (issue) => `expected the value of a label, in quotes, found ${show(issue.input)}` })
  .regex(/^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/, { error: (issue) => `expected the value of a label, found ${show(issue.input)}` });

/** As Kubernetes reads it, and refuses it. */
const toleration = z.strictObject({
  /** Of the taint; left out with operator Exists: every taint. */
  key: labelKey.optional(),
  operator: z.enum(['Equal', 'Exists'], { error: (issue) => `expected Equal or Exists, found ${show(issue.input)}` }).default('Equal'),
  value: labelValue.optional(),
  /** Left out: every effect. */
  effect: z.enum(EFFECTS, { error: (issue) => `expected one of ${EFFECTS.join(', ')}, found ${show(issue.input)}` }).optional(),
}).superRefine(({ key, operator, value }, context) => {
  if (operator === 'Exists' && value !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: `expected no value beside operator Exists, found ${show(value)}` });
  if (operator === 'Equal' && key === undefined) context.addIssue({ code: 'custom', path: ['key'], message: 'expected the key of a taint, or operator Exists, found nothing' });
});

export const pods = z.strictObject({
  /** Labels of the nodes that pods may run on. */
  nodeSelector: z.record(labelKey, labelValue).default({}),
  /** Taints of nodes that keep no pod of ours away. */
  tolerations: z.array(toleration).default([]),
  /** Secrets of the namespace (kubernetes.io/dockerconfigjson) with which images are pulled. */
  imagePullSecrets: z.array(objectName('Secret')).default([]),
}).prefault({});
