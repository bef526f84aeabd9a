import { SettingsError, checkSettings } from '../../../../charts/settings/load-settings.js';

/** What is wrong with settings, a sentence each. @throws what is no refusal */
export function problemsOf(settings: object): readonly string[] {
  try {
    checkSettings(settings);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
