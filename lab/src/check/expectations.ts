import { access } from 'node:fs/promises';
import { type Expectation, outsideName } from '../cloud.js';
import { labPaths } from '../lab-paths.js';
import { outsideAddress4, outsideAddress6, outsideNamespace } from '../layout.js';
import { readCloud } from '../read-cloud.js';
import { instanceNamed, type RunningLab } from '../running-lab.js';
import { type Responder, serveTcp } from '../wire/tcp-probe.js';
import { serveUdp } from '../wire/udp-probe.js';
import { inWords, patienceMs, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';

type End = { readonly namespace: string; readonly address: string };

const endOf = (lab: RunningLab, name: string, family: 4 | 6): End => {
  if (name === outsideName) return { namespace: outsideNamespace, address: family === 4 ? outsideAddress4 : outsideAddress6 };
  const { netns, addresses } = instanceNamed(lab, name);
  return { namespace: netns, address: addresses.find((address) => address.includes(':') === (family === 6)) ?? 'none' };
};

/** Responders for every service that is expected anywhere, one a place however many expectations share it. */
const serveAll = async (lab: RunningLab, expectations: readonly Expectation[]): Promise<readonly Responder[]> => {
  const places = new Map<string, Promise<Responder>>();
  for (const { service, to } of expectations) {
    if (service.kind === 'ping') continue;
    const { kind, family, port } = service;
    const { namespace } = endOf(lab, to, family);
    const key = `${namespace} ${kind} ${family} ${port}`;
    if (!places.has(key))
      places.set(key, kind === 'tcp' ? Promise.resolve(serveTcp(namespace, family, port)) : serveUdp(namespace, family, port));
  }
  return await Promise.all(places.values());
};

type Seen = { readonly isAllowed: boolean; readonly source: string | null; readonly saw: string };

const attempt = async ({ service, isAllowed }: Expectation, from: End, to: End): Promise<Seen> => {
  const waitMs = isAllowed ? patienceMs : silenceMs;
  if (service.kind === 'ping') {
    const ttl = await ping(from.namespace, to.address, waitMs);
    return { isAllowed: ttl !== null, source: null, saw: ttl === null ? 'silent' : `answered, TTL ${ttl}` };
  }
  const probe = service.kind === 'tcp' ? tcpTo : udpTo;
  const result = await probe(from.namespace, to.address, { port: service.port, waitMs });
  return { isAllowed: result.kind === 'answered', source: result.kind === 'answered' ? result.source : null, saw: inWords(result) };
};

const checkOne = async (lab: RunningLab, expectation: Expectation): Promise<Row> => {
  const { service, text } = expectation;
  const [from, to] = [endOf(lab, expectation.from, service.family), endOf(lab, expectation.to, service.family)];
  const { isAllowed, source, saw } = await attempt(expectation, from, to);
  const isSourceRight = expectation.source === null || source === expectation.source;
  return row('file', text, { saw, ok: isAllowed === expectation.isAllowed && isSourceRight });
};

/** The expectations of the cloud file that the lab was made from, tried side by side. */
export const checkExpectations = async (lab: RunningLab): Promise<Row[]> => {
  const hasFile = await access(labPaths.cloud).then(
    () => true,
    () => false,
  );
  if (!hasFile) return [];
  const { expectations } = await readCloud(labPaths.cloud);
  const responders = await serveAll(lab, expectations);
  try {
    return await Promise.all(expectations.map(async (expectation) => await checkOne(lab, expectation)));
  } finally {
    for (const responder of responders) responder.close();
  }
};
