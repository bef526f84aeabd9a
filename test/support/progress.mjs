// Prints each test that takes a second or more, or fails, when it ends: Jest is silent until the whole file is done, which can take many minutes.
import process from 'node:process';

const PRINTED_FROM_MS = 1000;

export default class Progress {
  onTestCaseResult(_file, { fullName, status, duration }) {
    const took = duration ?? 0;
    if (status !== 'failed' && took < PRINTED_FROM_MS) return;
    process.stderr.write(`${status === 'passed' ? '✓' : `✕ ${status}`} ${fullName} (${(took / 1000).toFixed(0)} s)\n`);
  }
}
