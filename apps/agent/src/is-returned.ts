import type { EstablishedFlow, Flow } from '@manx/hoststate';

/** Protocols whose first packet is known to be one: an answer begins no flow of TCP, DCCP or SCTP, nor does an answer of ICMP. */
const WITH_BEGINNING: ReadonlySet<number> = new Set([1, 6, 33, 58, 132]);

/** Whether an answer of a flow can begin one of its own once it is cut: most cut flows are of TCP, and need no second look. */
export const canReturn = ({ protocol }: Pick<Flow, 'protocol'>): boolean => !WITH_BEGINNING.has(protocol);

/** Whether a flow is what an answer of another would have begun: its ends, the other way round; a translated port is not asked. */
export const isReturned = (cut: EstablishedFlow, flow: Flow): boolean =>
  cut.protocol === flow.protocol &&
  canReturn(flow) &&
  flow.source === cut.answers.source &&
  flow.destination === cut.answers.destination &&
  flow.dport === cut.sport &&
  (flow.sport === cut.dport || cut.answers.source !== cut.destination);
