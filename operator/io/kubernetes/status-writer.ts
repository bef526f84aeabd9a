// Writes a part of the resource's status, also where the cluster's CustomResourceDefinition is older than this operator: then without the
// fields that it does not declare, and somebody is told which.
import { GROUP, KIND, VERSION } from '../../api/object-names.js';
import type { GlitchTipResource } from '../../api/glitchtip-resource.js';
import type { EventNote } from '../../controllers/ports.js';
import { declaredPart, type FieldSchema } from '../../core/declared-fields.js';
import type { KubernetesApi } from './api-client.js';
import { isUndeclaredField } from './api-error.js';

/** The body of an apply. */
interface StatusBody {
  readonly metadata: { readonly name: string };
  readonly status: object;
}

/** Every service account may read it (system:discovery), unlike the CustomResourceDefinition. */
const PUBLISHED = `/openapi/v3/apis/${GROUP}/${VERSION}`;

interface PublishedSchemas {
  readonly components: { readonly schemas: Readonly<Record<string, FieldSchema & { readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind: string }[] }>> };
}

/** Called once for each set of fields, until all are written again. */
export type OnLeftOut = (resource: GlitchTipResource, event: EventNote, signal: AbortSignal) => Promise<void>;

export class StatusWriter {
  /** By resource and field manager: the fields that somebody was told of. */
  readonly #told = new Map<string, string>();

  constructor(private readonly api: Pick<KubernetesApi, 'apply' | 'get'>, private readonly onLeftOut: OnLeftOut) {}

  /** @param path of the resource's status @throws ApiError as KubernetesApi.apply, but for fields that the definition does not declare */
  async apply(path: string, body: StatusBody, manager: string, signal: AbortSignal): Promise<void> {
    const key = `${body.metadata.name} ${manager}`;
    try {
      await this.api.apply(path, body, manager, signal);
      this.#told.delete(key);
    } catch (error) {
      if (!isUndeclaredField(error)) throw error;
      const { declared, undeclared } = declaredPart(body.status, await this.#readSchema(signal), 'status');
      // What is published lags behind for a second or two.
      if (undeclared.length === 0) throw error;
      const written = await this.api.apply<GlitchTipResource>(path, { ...body, status: declared }, manager, signal);
      if (this.#told.get(key) === undeclared.join()) return;
      this.#told.set(key, undeclared.join());
      await this.onLeftOut(written, { type: 'Warning', reason: 'DefinitionOutdated', action: 'Report', note: describe(undeclared) }, signal);
    }
  }

  async #readSchema(signal: AbortSignal): Promise<FieldSchema> {
    const { components: { schemas } } = await this.api.get<PublishedSchemas>(PUBLISHED, signal);
    const own = Object.values(schemas).find((schema) => schema['x-kubernetes-group-version-kind']?.some(({ kind }) => kind === KIND));
    return own?.properties?.['status'] ?? {};
  }
}

/** An event's note has at most 1,024 characters. */
const NAMED = 8;

function describe(fields: readonly string[]): string {
  const more = fields.length > NAMED ? ` and ${fields.length - NAMED} more` : '';
  return `The CustomResourceDefinition is older than this operator, and the status is written without ${fields.slice(0, NAMED).join(', ')}${more}: kubectl apply -f dist/0001-crds.k8s.yaml`;
}
