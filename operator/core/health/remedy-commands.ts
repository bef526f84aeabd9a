// Commands in texts, so that they can be copied as they stand: without a namespace kubectl asks `default`.

const VERBS = 'annotate|apply|create|delete|describe|diff|exec|get|label|logs|patch|rollout|scale|top';
/** Up to where the sentence goes on, or the next command begins. */
const COMMAND = new RegExp(`\\bkubectl (?=(?:${VERBS}) )(?:(?!\\bkubectl )[^,;)])*`, 'g');
const HAS_ONE = / (?:-n|--namespace)[ =]/;
/** What belongs to the whole cluster, and manifests, which name their own. */
const NEEDS_NONE = /^kubectl (?:\w+ nodes?(?![\w-])|(?:apply|diff) -f )/;

/** With the namespace in each kubectl command that needs one and has none. */
export function inNamespace(text: string, namespace: string): string {
  return text.replace(COMMAND, (command) => (HAS_ONE.test(command) || NEEDS_NONE.test(command) ? command : command.replace('kubectl', `kubectl -n ${namespace}`)));
}
