import { mkdir, stat } from 'node:fs/promises';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';

const namePattern = /^[a-z0-9][a-z0-9-]{0,24}$/;

/** Takes a name for an instance and makes its folder: two at once cannot have the same. LabError `bad-name` or `name-taken`. */
export const claimName = async (name: string): Promise<void> => {
  if (!namePattern.test(name)) {
    throw new LabError(
      'bad-name',
      `${JSON.stringify(name)} is no instance name: 1 to 25 lower-case letters, digits and dashes, not a dash first.`,
    );
  }
  try {
    await mkdir(labPaths.instance(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new LabError('name-taken', `There is an instance ${JSON.stringify(name)} already. Remove it with: ./manx lab delete ${name}`);
  }
};

/** Whether an instance of that name was begun, even if its boot was broken off before it was written down. */
export const isClaimed = async (name: string): Promise<boolean> =>
  namePattern.test(name) &&
  (await stat(labPaths.instance(name)).then(
    () => true,
    () => false,
  ));
