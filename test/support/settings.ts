// Settings for programs under test.

/** Empty, so all of them are defaults, whatever settings.yaml lies in the working directory. */
export const NO_SETTINGS = '/dev/null';
