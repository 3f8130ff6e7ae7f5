import { familyOf } from '@manx/ip';
import type { Cloud } from './cloud.js';
import type { Explanation, Way } from './explanation.js';
import { findSenders, findTargets } from './find-ends.js';
import { protocolName, type Question } from './question.js';
import { traceWay } from './trace-way.js';

/**
 * Whether a flow passes, why, and by which way: what the hosts' desired states, which are what is enforced, mean for it (S30). Every sender that
 * the source may be is paired with every receiver that it may reach. Costs what it looks at: the hosts of the two ends.
 * Throws RangeError for ends of two families, which no packet has.
 */
export function explain(cloud: Cloud, question: Question): Explanation {
  const { source, destination, protocol, port, fromPort, icmp } = question;
  const family = familyOf(source.ip);
  if (family !== familyOf(destination.ip)) throw new RangeError(`${source.ip} and ${destination.ip} are of two families`);
  const ways = findSenders(cloud, source).flatMap((sender) =>
    findTargets(cloud, sender, { ...destination, protocol, port, icmp }).map((target) => traceWay(cloud, { question, sender, target })),
  );
  return {
    flow: { family, protocol, protocolName: protocolName(protocol), source: source.ip, destination: destination.ip, port, fromPort, icmp },
    answer: combined(ways),
    ways,
  };
}

function combined(ways: readonly Way[]): Explanation['answer'] {
  const answers = new Set(ways.map(({ answer }) => answer));
  const [only] = answers;
  return only !== undefined && answers.size === 1 ? only : 'mixed';
}
