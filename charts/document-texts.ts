// For a startup snapshot of Node.js, which synthesizes the defaults while it is made: whoever starts from it has the YAML of whatever the settings do not change.
import { Yaml } from 'cdk8s';

/** By the document as JSON, which cdk8s has left nothing undefined in. */
const texts = new Map<string, string>();
const write = Yaml.stringify.bind(Yaml);

/** From now on; cdk8s writes a file by one call of Yaml.stringify with all its documents. */
export function rememberDocuments(): void {
  Yaml.stringify = (...documents) => documents.map(textOf).join('---\n');
}

function textOf(document: unknown): string {
  const key = JSON.stringify(document) as string | undefined;
  if (key === undefined) return write(document);
  const known = texts.get(key) ?? write(document);
  texts.set(key, known);
  return known;
}
