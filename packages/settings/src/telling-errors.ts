import type { ErrorObject } from 'ajv';

/**
 * Reduces a validator's list to what a person needs: of a choice (`anyOf`) only the branch that was meant, or, when every branch
 * is a constant, one error that lists them all.
 */
export const tellingErrors = (errors: readonly ErrorObject[]): readonly ErrorObject[] => {
  let rest = [...errors];
  // Innermost choices come first in the list, so that an outer one sees them already reduced.
  for (const choice of errors.filter((error) => error.keyword === 'anyOf')) {
    const branches = new Map<string, ErrorObject[]>();
    const inside = `${choice.schemaPath}/`;
    for (const error of rest) {
      if (!error.schemaPath.startsWith(inside) || !error.instancePath.startsWith(choice.instancePath)) continue;
      const branch = error.schemaPath.slice(inside.length).split('/')[0] ?? '';
      branches.set(branch, [...(branches.get(branch) ?? []), error]);
    }
    const all = new Set([...branches.values()].flat());
    rest = rest.filter((error) => error !== choice && !all.has(error));
    rest.push(...reduceChoice(choice, [...branches.values()]));
  }
  return rest;
};

const reduceChoice = (choice: ErrorObject, branches: readonly (readonly ErrorObject[])[]): readonly ErrorObject[] => {
  const consts = branches.map((branch) => branch.filter((error) => error.keyword === 'const'));
  const meant = branches.filter((_, index) => consts[index]?.length === 0);
  const isTagged = consts.some((found) => found.length > 0);
  if (isTagged && meant.length === 0) {
    const [first] = consts.flat();
    const allowedValues = [...new Set(consts.flat().map((error) => error.params['allowedValue'] as unknown))];
    return [{ ...(first ?? choice), keyword: 'enum', params: { allowedValues } }];
  }
  const candidates = [...meant].sort((a, b) => score(b, choice) - score(a, choice));
  return candidates[0] ?? [choice];
};

/** A branch that failed deep inside fits better than one that failed at once; among those, the fewer errors the better. */
const score = (branch: readonly ErrorObject[], choice: ErrorObject): number =>
  (branch.some((error) => error.instancePath === choice.instancePath && error.keyword === 'type') ? -1000 : 0) - branch.length;
