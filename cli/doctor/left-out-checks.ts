// doctor: what SDKs send and GlitchTip does not keep: no fault, but a person who looks for it in GlitchTip looks in vain.
import { onSight, ok, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

/** Nothing where no gateway counts it, or it left out nothing. */
export function checkLeftOut({ resource }: Facts): readonly Finding[] {
  return onSight('left out', resource, (found) => {
    const items = found?.status.health?.figures?.leftOut ?? [];
    const projects = [...new Set(items.map(({ project }) => project))].sort((one, other) => one - other);
    const told = projects.map((project) => `project ${project} sends ${typesOf(items.filter((each) => each.project === project))}`);
    return told.length === 0 ? [] : [ok('left out', `${told.join('; ')}, which GlitchTip ${found?.spec.version ?? ''} does not keep; glitchkeeper spool counts all of it`)];
  });
}

function typesOf(items: readonly { readonly type: string; readonly items: number }[]): string {
  return items.map(({ type, items: count }) => `${type} (${count})`).join(', ');
}
