// What the operator's token may write, where RBAC cannot say it: RBAC knows names and verbs, and a right to patch a Deployment or to
// create a Job is one to run any image with any Secret. So the API server itself refuses all that the operator never does.
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { rehearsedReleases, type Release } from '../../operator/api/glitchtip-releases.js';
import { BACKUP_COMPONENT, COMPONENT_LABEL, GENERATED_POD_LABELS, LEASE_NAME, LEGACY_IMPORT_COMPONENT, LEGACY_IMPORT_TEMPLATE, MIGRATE_COMPONENT, MOVE_COMPONENT, MOVE_TEMPLATE, OPERATION_LEASE, RECREATED_COMPONENTS, REHEARSAL_COMPONENT, RESTARTED_AT_ANNOTATION, RESTORE_COMPONENT, RESTORE_SECRET, RESTORE_TEMPLATES, ROTATION_ANNOTATION, UPGRADE_STEP, alertStateName, rehearsalTemplate, upgradeStep } from '../../operator/api/object-names.js';
import { BACKUP_TEMPLATE, MIGRATE_TEMPLATE, OPERATOR, RESOURCE, SECRETS, labelsOf } from '../part-names.js';
import { releaseFacts } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';

interface Validation {
  /** In CEL: `object` is what shall be, `oldObject` what is. */
  readonly expression: string;
  readonly message: string;
}

interface Policy {
  readonly name: string;
  readonly group: '' | 'apps' | 'batch' | 'coordination.k8s.io';
  readonly resource: string;
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly validations: readonly Validation[];
  /** PodTemplate whose pods are the only ones that a Job of this component may have; `params` in CEL. */
  readonly template?: JobTemplate;
}

/** Pods of every Deployment in dist/. */
const DECLARED_REPLICAS = 1;
/** Annotations of a pod template that the operator sets. */
const MARKS = [ROTATION_ANNOTATION, RESTARTED_AT_ANNOTATION];
/** What the API server itself writes at each change. */
const BOOKKEEPING = ['managedFields', 'generation', 'resourceVersion'];

/** As the API server fills it in: a match is one value, and who applies it without would differ from who applied it before. */
const EVERYTHING = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} };

interface JobTemplate {
  readonly component: string;
  readonly name: string;
  /** Of a component with several templates: in CEL, which of its Jobs have the pods of this one. */
  readonly jobs?: string;
}

/** CEL: the template of a Job is told by the beginning of its name. */
const begins = (template: string) => `object.metadata.name.startsWith('${template}-')`;
const IS_CHECK = begins(RESTORE_TEMPLATES.check);

/**
 * The kinds of Job that the operator makes: a label, and the PodTemplate in which synth wrote its pods. None whose template is not in
 * dist/: of a template that is not there, a policy knows no pods to compare with.
 */
function jobTemplates(settings: Settings): readonly JobTemplate[] {
  const { backup, legacyImport, move } = topologyOf(settings);
  const copies = [
    { component: BACKUP_COMPONENT, name: BACKUP_TEMPLATE },
    { component: RESTORE_COMPONENT, name: RESTORE_TEMPLATES.restore, jobs: `!${IS_CHECK}` }, { component: RESTORE_COMPONENT, name: RESTORE_TEMPLATES.check, jobs: IS_CHECK },
    ...rehearsals(settings.version),
  ];
  return [
    { component: MIGRATE_COMPONENT, name: MIGRATE_TEMPLATE },
    ...(backup === undefined ? [] : copies),
    ...(legacyImport ? [{ component: LEGACY_IMPORT_COMPONENT, name: LEGACY_IMPORT_TEMPLATE }] : []),
    ...(move ? [{ component: MOVE_COMPONENT, name: MOVE_TEMPLATE }] : []),
  ];
}

/** The first one is of every Job whose name begins otherwise, so that there is none without a policy. */
function rehearsals(running: Release): readonly JobTemplate[] {
  const [own = '', ...others] = rehearsedReleases(running).map((release) => rehearsalTemplate(release));
  const ofOthers = others.map(begins);
  return [
    { component: REHEARSAL_COMPONENT, name: own, ...(ofOthers.length > 0 ? { jobs: `!(${ofOthers.join(' || ')})` } : {}) },
    ...others.map((name) => ({ component: REHEARSAL_COMPONENT, name, jobs: begins(name) })),
  ];
}

const policiesFor = (settings: Settings, templates: readonly JobTemplate[]): readonly Policy[] => [
  {
    name: 'deployments', group: 'apps', resource: 'deployments', operations: ['CREATE', 'UPDATE', 'DELETE'],
    validations: [
      { expression: 'object != null && oldObject != null', message: 'the operator neither makes nor deletes Deployments' },
      { expression: sameBut('object.metadata', 'oldObject.metadata', BOOKKEEPING), message: "the operator changes nothing of a Deployment's metadata" },
      { expression: sameBut('object.spec', 'oldObject.spec', ['template', 'replicas']), message: 'of a Deployment the operator changes only its pod template\'s annotations and its replicas' },
      { expression: sameBut('object.spec.template', 'oldObject.spec.template', ['metadata']), message: "the operator changes nothing of what a Deployment's pods run" },
      { expression: sameBut('object.spec.template.metadata', 'oldObject.spec.template.metadata', ['annotations']), message: "of a pod template's metadata the operator changes only annotations" },
      { expression: sameBut(optional('object.spec.template.metadata', 'annotations'), optional('oldObject.spec.template.metadata', 'annotations'), MARKS), message: `of a pod template's annotations the operator changes only ${MARKS.join(' and ')}` },
      { expression: `object.spec.replicas == oldObject.spec.replicas || (object.spec.replicas >= 0 && object.spec.replicas <= ${DECLARED_REPLICAS})`, message: `the operator scales a Deployment to 0 and to ${DECLARED_REPLICAS}` },
    ],
  },
  {
    name: 'jobs', group: 'batch', resource: 'jobs', operations: ['CREATE', 'UPDATE', 'DELETE'],
    validations: [
      { expression: 'object == null || oldObject == null', message: 'the operator changes no Job' },
      { expression: componentIs(componentsOf(templates)), message: `the operator makes and deletes only Jobs whose label ${COMPONENT_LABEL} is ${componentsOf(templates).join(' or ')}` },
    ],
  },
  ...templates.map((template): Policy => ({
    name: `${template.name}-jobs`, group: 'batch', resource: 'jobs', operations: ['CREATE'], template,
    validations: [
      { expression: 'dyn(object.spec.template.spec) == dyn(params.template.spec)', message: `the pods of this Job are not those of PodTemplate ${template.name}` },
      { expression: sameBut(optional('object.spec.template.metadata', 'labels'), optional('params.template.metadata', 'labels'), GENERATED_POD_LABELS), message: `the labels of its pods are not those of PodTemplate ${template.name}` },
      { expression: sameBut(optional('object.spec.template.metadata', 'annotations'), optional('params.template.metadata', 'annotations'), []), message: `the annotations of its pods are not those of PodTemplate ${template.name}` },
      { expression: "!has(object.spec.manualSelector) || !object.spec.manualSelector", message: 'a Job of the operator takes no pods of others' },
      { expression: '(!has(object.spec.parallelism) || object.spec.parallelism <= 1) && (!has(object.spec.completions) || object.spec.completions <= 1)', message: 'a Job of the operator has one pod' },
    ],
  })),
  {
    name: 'pods', group: '', resource: 'pods', operations: ['CREATE', 'UPDATE', 'DELETE'],
    validations: [
      { expression: "object == null && has(oldObject.status) && has(oldObject.status.phase) && oldObject.status.phase in ['Succeeded', 'Failed']", message: 'of pods the operator only deletes those that have ended' },
      { expression: componentIs(RECREATED_COMPONENTS), message: `the operator deletes only pods whose label ${COMPONENT_LABEL} is ${RECREATED_COMPONENTS.join(' or ')}` },
    ],
  },
  {
    name: 'secrets', group: '', resource: 'secrets', operations: ['CREATE'],
    // One of type kubernetes.io/service-account-token would be a token without an end.
    validations: [{ expression: `object.type == 'Opaque' && object.metadata.name in ${list([...Object.values(SECRETS), RESTORE_SECRET])}`, message: 'the operator makes only the Secrets of its resource and that of a restore, of type Opaque' }],
  },
  {
    name: 'configmaps', group: '', resource: 'configmaps', operations: ['CREATE'],
    validations: [
      { expression: `object.metadata.name in ${list([alertStateName(RESOURCE), UPGRADE_STEP.configMap])}`, message: 'the operator makes only the ConfigMaps of its alert state and of the step of an upgrade' },
    ],
  },
  {
    // Of the release that the manifests are of: whoever has the token leads to no other one, and only where a person applied them.
    name: 'upgrade-step', group: '', resource: 'configmaps', operations: ['CREATE', 'UPDATE'],
    validations: [{ expression: `object.metadata.name != '${UPGRADE_STEP.configMap}' || (has(object.data) && object.data.size() == 1 && '${UPGRADE_STEP.key}' in object.data && object.data['${UPGRADE_STEP.key}'] in ${list(stepsTo(settings.version))})`, message: 'the operator names only the step to the release of the manifests' }],
  },
  {
    name: 'leases', group: 'coordination.k8s.io', resource: 'leases', operations: ['CREATE'],
    validations: [{ expression: `object.metadata.name in ${list([LEASE_NAME, OPERATION_LEASE])}`, message: 'the operator makes only its own Leases' }],
  },
];

function stepsTo(release: Release): readonly string[] {
  const { importsFrom } = releaseFacts(release);
  return importsFrom === undefined ? [] : [upgradeStep(importsFrom, release)];
}

/** Of the cluster, and named after the namespace that they are about. */
export class AdmissionPolicies extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    for (const policy of policiesFor(settings, jobTemplates(settings))) this.addPolicy(policy, settings.namespace);
  }

  private addPolicy({ name, group, resource, operations, validations, template }: Policy, namespace: string): void {
    // Of the cluster: the chart's namespace is none of theirs.
    const metadata = { name: `${OPERATOR}-${name}.${namespace}`, namespace: undefined, labels: labelsOf('operator') };
    new ApiObject(this, name, {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata,
      spec: {
        failurePolicy: 'Fail',
        ...(template === undefined ? {} : { paramKind: { apiVersion: 'v1', kind: 'PodTemplate' } }),
        matchConstraints: { ...EVERYTHING, resourceRules: [{ apiGroups: [group], apiVersions: ['*'], operations: [...operations], resources: [resource], scope: '*' }] },
        matchConditions: [
          { name: 'of-the-operator', expression: `request.userInfo.username == 'system:serviceaccount:${namespace}:${OPERATOR}'` },
          ...(template?.jobs === undefined ? [] : [{ name: 'of-the-template', expression: template.jobs }]),
        ],
        validations: validations.map(({ expression, message }) => ({ expression, message, reason: 'Forbidden' })),
      },
    });
    new ApiObject(this, `${name}-binding`, {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata,
      spec: {
        policyName: metadata.name,
        validationActions: ['Deny'],
        matchResources: {
          ...EVERYTHING,
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          ...(template === undefined ? {} : { objectSelector: { matchLabels: { [COMPONENT_LABEL]: template.component } } }),
        },
        // Params are looked up before anybody is asked who he is: to deny would be to refuse the first migrate Job, which kubectl makes
        // before the API server has taken up the template. Nobody but a person can take the template away.
        ...(template === undefined ? {} : { paramRef: { name: template.name, namespace, parameterNotFoundAction: 'Allow' } }),
      },
    });
  }
}

/** CEL: two maps are the same but for these keys. As dyn, an object of any type is a map. */
function sameBut(one: string, other: string, keys: readonly string[]): string {
  const within = (from: string, into: string) => `dyn(${from}).all(key, key in ${list(keys)} || (key in dyn(${into}) && dyn(${from})[key] == dyn(${into})[key]))`;
  return `${within(one, other)} && ${within(other, one)}`;
}

/** CEL: a map that may be absent, then an empty one. */
function optional(object: string, field: string): string {
  return `(has(${object}.${field}) ? dyn(${object}.${field}) : dyn({}))`;
}

function componentsOf(templates: readonly JobTemplate[]): readonly string[] {
  return [...new Set(templates.map(({ component }) => component))];
}

function componentIs(components: readonly string[]): string {
  const labels = optional('(object == null ? oldObject : object).metadata', 'labels');
  return `'${COMPONENT_LABEL}' in ${labels} && ${labels}['${COMPONENT_LABEL}'] in ${list(components)}`;
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}
