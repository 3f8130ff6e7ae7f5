import { badRequest, isProblem, type Port, type Problem } from '@manx/model';
import { portsNamed } from './find-ends.js';
import type { Asker } from './viewer.js';

/** A query as it came, in order. */
export type Parameters = readonly (readonly [string, string])[];

/** What was said of each parameter, in order; nothing of one that is not there. A Problem names one that there is none of. */
export const queryOf = (parameters: Parameters, allowed: ReadonlySet<string>): ((name: string) => readonly string[]) | Problem => {
  const unknown = parameters.find(([name]) => !allowed.has(name));
  if (unknown !== undefined) return badRequest(`there is no parameter ${JSON.stringify(unknown[0].slice(0, 255))}`);
  return (wanted) => parameters.flatMap(([name, value]) => (name === wanted ? [value] : []));
};

/** All of the asker's ports that these names stand for; a Problem where one of them stands for none. */
export const allPortsNamed = (asker: Asker, names: readonly string[]): readonly Port[] | Problem => {
  const found: Port[] = [];
  for (const name of names) {
    const ports = portsNamed(asker, name);
    if (isProblem(ports)) return ports;
    found.push(...ports);
  }
  return found;
};
