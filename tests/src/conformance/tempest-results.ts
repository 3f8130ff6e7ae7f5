/** What one test of Tempest came to. */
export type TempestResult = {
  /** `tempest.api.network.test_networks.NetworksTest.test_list_networks`; a class whose set-up did not succeed has `setUpClass` for a test. */
  readonly test: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped; empty otherwise. */
  readonly reason: string;
};

/** `{0} the.test[id-...,smoke] [0.12s] ... ok`, or `FAILED`, or `SKIPPED: why`. */
const LINE =
  /^\{\d+\} (setUpClass \(([\w.]+)\)|([\w.]+))(?:\[[^\]]*\])?(?:\([^)]*\))*(?: \[[\d.]+s\])? \.\.\. (ok|FAILED|SKIPPED)(?:: (.*))?$/;

/** Reads the text that `tempest run` prints; lines that are no results are passed over. */
export const readTempestResults = (text: string): TempestResult[] =>
  text.split('\n').flatMap((line): TempestResult[] => {
    const match = LINE.exec(line.trim());
    if (match === null) return [];
    const [, , setUp, plain = '', word, reason = ''] = match;
    const outcome = word === 'ok' ? 'passed' : word === 'FAILED' ? 'failed' : 'skipped';
    return [{ test: setUp === undefined ? plain : `${setUp}.setUpClass`, outcome, reason }];
  });
