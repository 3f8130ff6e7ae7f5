import { setTimeout as pause } from 'node:timers/promises';
import type { Ip } from '@manx/ip';
import type { End } from './cables.js';
import { frameOf, type ProbePacket, protocols, type Role, readFrame, roles } from './probe-packet.js';
import type { Probe } from './probes.js';

/** Where a packet came out: at whom, and as whom it was seen. */
export type Arrival = { readonly at: string; readonly source: Ip; readonly port: number };

/** What came of one flow: its first packet at whomever it reached, and its answer back at its sender. */
export type Outcome = {
  readonly probe: Probe;
  /** The sender's port, or the ICMP identifier. */
  readonly sport: number;
  readonly arrivals: Arrival[];
  /** Whence the sender saw the answer come; null: it did not. */
  answeredBy: Ip | null;
};

/** How long the wires are to be silent before what has not arrived is taken never to: a packet's way through the lab takes a fraction of it. */
const SILENCE_MS = 12;
/** Packets that are sent before the receivers are looked at: the rings of the links hold many times more. */
const BATCH = 64;

/** Sends flows and sees what becomes of them; every end of the cloud is in its hands. */
export class Looker {
  readonly #ends: () => ReadonlyMap<string, End>;
  #number = 0;
  #sent = new Map<number, Outcome>();
  #heard = 0;
  /** Packets that were sent and heard in all. */
  packets = 0;

  constructor(ends: () => ReadonlyMap<string, End>) {
    this.#ends = ends;
  }

  /** Tries flows, each a new one, all at once. What earlier looks sent and only now arrives is not theirs. */
  async look(probes: readonly Probe[]): Promise<readonly Outcome[]> {
    this.#sent = new Map();
    this.#drain();
    const outcomes = probes.map((probe, at) => {
      this.#number = (this.#number + 1) >>> 0;
      const outcome: Outcome = { probe, sport: 2_048 + (this.#number % 60_000), arrivals: [], answeredBy: null };
      this.#sent.set(this.#number, outcome);
      this.#send(probe.from, packetOf(outcome, this.#number, roles.first));
      if (at % BATCH === BATCH - 1) this.#drain();
      return outcome;
    });
    await this.#silence();
    return outcomes;
  }

  /** Sends one more packet of flows that were tried before, by the same ports; answers are not given. */
  async later(flows: readonly Outcome[]): Promise<readonly Outcome[]> {
    this.#sent = new Map();
    this.#drain();
    const outcomes = flows.map(({ probe, sport }) => {
      this.#number = (this.#number + 1) >>> 0;
      const outcome: Outcome = { probe, sport, arrivals: [], answeredBy: null };
      this.#sent.set(this.#number, outcome);
      this.#send(probe.from, packetOf(outcome, this.#number, roles.later));
      return outcome;
    });
    await this.#silence();
    return outcomes;
  }

  #send(from: string, packet: ProbePacket): void {
    const { links } = this.#ends().get(from) ?? { links: [] };
    const cable = links[packet.number % Math.max(1, links.length)];
    if (cable === undefined) return;
    this.packets += 1;
    cable.link.send(frameOf(packet, cable.macs));
  }

  async #silence(): Promise<void> {
    for (let quietSince = performance.now(); performance.now() - quietSince < SILENCE_MS; ) {
      await pause(2);
      if (this.#drain()) quietSince = performance.now();
    }
  }

  /** Takes in whatever has arrived, and answers it; whether there was anything. */
  #drain(): boolean {
    const before = this.#heard;
    for (const [name, { links, isFor }] of this.#ends()) {
      for (const { link } of links) {
        for (const frame of link.take()) {
          const packet = readFrame(frame);
          if (packet !== null && isFor(packet.destination)) this.#hear(name, packet);
        }
      }
    }
    return this.#heard !== before;
  }

  #hear(at: string, packet: ProbePacket): void {
    const outcome = this.#sent.get(packet.number);
    if (outcome === undefined) return;
    this.#heard += 1;
    this.packets += 1;
    const { role, source, destination, sport, dport, protocol } = packet;
    if (role === roles.first || role === roles.later) {
      outcome.arrivals.push({ at, source, port: dport });
      if (role === roles.later || answerTypeOf(packet) === null) return;
      this.#send(at, {
        ...packet,
        role: roles.answer,
        source: destination,
        destination: source,
        sport: isIcmp(protocol) ? sport : dport,
        dport: isIcmp(protocol) ? 0 : sport,
        icmpType: answerTypeOf(packet) ?? 0,
      });
      return;
    }
    if (role !== roles.answer || at !== outcome.probe.from || destination !== outcome.probe.source) return;
    outcome.answeredBy = source;
    // The third packet of a TCP handshake: from now on connection tracking takes the flow for established.
    if (protocol === protocols.tcp) this.#send(at, packetOf(outcome, packet.number, roles.confirm));
  }
}

const isIcmp = (protocol: number): boolean => protocol === protocols.icmp || protocol === protocols.icmp6;

/** The answer to an ICMP request; 0 for what is no ICMP, null for what nobody answers. */
const answerTypeOf = ({ protocol, icmpType }: ProbePacket): number | null => {
  if (!isIcmp(protocol)) return 0;
  return { 8: 0, 13: 14, 128: 129 }[icmpType] ?? null;
};

const packetOf = ({ probe, sport }: Outcome, number: number, role: Role): ProbePacket => ({
  role,
  number,
  source: probe.source,
  destination: probe.destination,
  protocol: probe.protocol,
  sport,
  dport: probe.port ?? 0,
  icmpType: probe.icmpType ?? 0,
});
