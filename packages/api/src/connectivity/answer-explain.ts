import { badRequest, isProblem, type Problem } from '@manx/model';
import { type Cloud, type Explanation, explain } from '@manx/reach';
import { type Answer, refusal } from '../answer.js';
import { endsOf, familiesOf, findNamed } from './find-ends.js';
import { decodeFlow, FLOW_ATTRIBUTES, type FlowRequest, payloadIn } from './flow-request.js';
import { snakeKeys } from './snake-keys.js';
import { type Asker, type CloudSource, viewOf } from './viewer.js';

/** The key of the request and of the answer. */
const RESOURCE = 'connectivity';

/** The most pairs of ends that one answer explains: groups are for the matrix beyond that. */
const MOST_EXPLANATIONS = 64;

const ATTRIBUTES: ReadonlySet<string> = new Set(['source', 'destination', ...FLOW_ATTRIBUTES]);

type Decoded = { readonly source: string; readonly destination: string; readonly flow: FlowRequest };

type Fields = { readonly [name: string]: unknown };

/** Reads the body of a question, which may have these attributes more; a problem says what is wrong with it. The fields are there as they came, too. */
export const decodeExplain = (body: unknown, more: readonly string[] = []): (Decoded & { readonly fields: Fields }) | Problem => {
  const asked = body !== null && typeof body === 'object' ? (body as { readonly [key: string]: unknown })[RESOURCE] : undefined;
  if (asked === null || typeof asked !== 'object' || Array.isArray(asked)) return badRequest(`the body must be {"${RESOURCE}": {...}}`);
  const fields = asked as Fields;
  const unknown = Object.keys(fields).find((name) => !ATTRIBUTES.has(name) && !more.includes(name));
  if (unknown !== undefined) return badRequest(`there is no attribute ${JSON.stringify(unknown.slice(0, 255))}`);
  const { source, destination } = fields;
  if (typeof source !== 'string' || typeof destination !== 'string') return badRequest('source and destination are required, as text');
  const flow = decodeFlow(fields);
  return isProblem(flow) ? flow : { source, destination, flow, fields };
};

/** Answers a question for whoever asks: an explanation for every pair of ports that the two names stand for, IPv4 before IPv6. */
export const answerExplain = (asker: Asker, source: CloudSource, body: unknown): Answer => {
  const asked = decodeExplain(body);
  if (isProblem(asked)) return refusal(asked);
  const explanations = explainAll(asker, source(viewOf(asker)), asked);
  return isProblem(explanations)
    ? refusal(explanations)
    : { status: 200, text: JSON.stringify({ [RESOURCE]: { explanations: snakeKeys(explanations) } }) };
};

/** An explanation for every pair of ports that the two names stand for. */
export const explainAll = (asker: Asker, cloud: Cloud, { flow, ...names }: Decoded): readonly Explanation[] | Problem => {
  const [from, to] = [names.source, names.destination].map((name) => findNamed(asker, name));
  if (from === undefined || isProblem(from)) return from as Problem;
  if (to === undefined || isProblem(to)) return to as Problem;
  const pairs = familiesOf([from, to], flow.family).flatMap((family) =>
    endsOf(asker, cloud, { named: from, family }).flatMap((source) =>
      endsOf(asker, cloud, { named: to, family }).map((destination) => ({
        source,
        destination,
        ...payloadIn(flow, family),
        fromPort: flow.fromPort,
      })),
    ),
  );
  if (pairs.length === 0) return badRequest('the two ends have no address of one IP version');
  if (pairs.length > MOST_EXPLANATIONS)
    return badRequest(
      `that is ${pairs.length} pairs of ports, and at most ${MOST_EXPLANATIONS} are explained at once; see POST /v2.0/${RESOURCE}/matrix`,
    );
  const explanations = pairs.map((pair) => explain(cloud, pair));
  if (explanations.every(isNobodys)) return badRequest('neither end is a port of yours: there is nothing to explain');
  return explanations;
};

/** Whether no end is a port of the asker's, plugged in or not: then there is nothing that he may learn. */
const isNobodys = ({ ways }: Explanation): boolean =>
  ways.every(
    ({ source, destination, blockers }) =>
      source.endpoint === null && destination.endpoint === null && blockers.every(({ endpoint }) => endpoint === null),
  );
