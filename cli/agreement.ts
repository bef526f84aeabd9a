// What a command says before it changes anything, and whether a person agrees to it.
import { Failure } from './failure.js';
import type { Output } from './output.js';

/** @param yes whether nobody has to be asked. @throws Failure where there is nobody to ask */
export async function isAgreed(output: Output, { text, question, yes }: { readonly text: string; readonly question: string; readonly yes: boolean }): Promise<boolean> {
  if (!output.json) output.say(text);
  if (yes) return true;
  const answer = await output.agree(question);
  if (answer === undefined) throw new Failure('usage', 'this is asked before it is done, and there is no terminal to ask on: pass --yes');
  if (!answer) output.say('nothing was changed');
  return answer;
}
