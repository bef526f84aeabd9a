// Jest's environment of the suites on pods: Node's own, in which a hook can see which tests have failed so far. Jest tells only its environment.
import { TestEnvironment } from 'jest-environment-node';

export default class FailureEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.glitchkeeperFailures = [];
  }

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure') this.global.glitchkeeperFailures.push(nameOf(event.test));
    if (event.name === 'hook_failure') this.global.glitchkeeperFailures.push(`${event.hook.type} of ${nameOf(event.test ?? event.describeBlock)}`);
  }
}

function nameOf(block) {
  return block?.parent === undefined ? '' : `${nameOf(block.parent)} ${block.name}`.trim();
}
