import { demandRoot } from '../requirements.js';
import { type Output, say, sayJson } from '../say.js';
import { tearDown } from '../tear-down.js';

/** `./manx lab down`. */
export const labDown = async (output: Output): Promise<void> => {
  demandRoot();
  const gone = await tearDown();
  if (output === 'json') sayJson(gone);
  else if (gone.namespaces === 0) say('No lab is up.');
  else say(`The lab is gone: ${gone.namespaces} namespaces and ${gone.processes} processes removed.`);
};
