// The CustomResourceDefinition of the GlitchTip resource, made from the operator's own schema.
import { ApiObject, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { buildCustomResourceDefinition } from '../../operator/api/crd.js';

/** No setting changes it: in the snapshot that `npm run synth` starts from it is made already. */
const { apiVersion, kind, metadata, spec } = buildCustomResourceDefinition();

export class CustomResourceDefinitions extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const object = new ApiObject(this, 'glitchtip', { apiVersion, kind, metadata: { ...metadata } });
    object.addJsonPatch(JsonPatch.add('/spec', spec));
  }
}
