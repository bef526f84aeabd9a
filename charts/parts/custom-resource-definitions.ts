// The CustomResourceDefinition of the GlitchTip resource, made from the operator's own schema.
import { ApiObject, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { buildCustomResourceDefinition } from '../../operator/api/crd.js';

export class CustomResourceDefinitions extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { apiVersion, kind, metadata, spec } = buildCustomResourceDefinition();
    const object = new ApiObject(this, 'glitchtip', { apiVersion, kind, metadata: { ...metadata } });
    object.addJsonPatch(JsonPatch.add('/spec', spec));
  }
}
