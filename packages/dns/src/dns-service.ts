import type { HostState, IfName } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { TapKeeper } from '@manx/kernel';
import { answerQuery } from './answer-query.js';
import { Forwarder } from './forwarder.js';
import { type Complaint, type Query, readQuery } from './read-query.js';
import { type Asking, TapDoor } from './tap-door.js';
import { RCODE } from './wire.js';
import { handOn, type Reply, udpLimit, writeComplaint, writeReply } from './write-message.js';
import { ZoneBook } from './zone-book.js';

/** A tap whose guest may ask, and which port that is. */
export type DnsTap = {
  readonly ifname: IfName;
  /** The interface's index: another one means that the tap was made anew. */
  readonly index: number;
  /** The port's id. */
  readonly port: string;
};

/** How names are answered on this host. */
export type DnsOptions = {
  /** The addresses that every tap has for it, and the port behind them. */
  readonly addresses: readonly Ip[];
  readonly port: number;
  /** Whom to ask for what is no port's name, in this order; none: nobody. */
  readonly forwarders: readonly Ip[];
  /** Told when `problem` has changed. */
  readonly onProblem: (problem: string | null) => void;
};

/** DNS for the taps of a host. */
export type DnsService = {
  /** These taps, and no others, are answered from now on, of these names; called again with the same, nothing happens. A tap that cannot be served is tried again. */
  readonly serve: (taps: readonly DnsTap[], names: HostState['names']) => void;
  /** Why instances get no answers, in words; null when nothing is known to be wrong. */
  readonly problem: () => string | null;
  /** Ends all sockets. Closing twice is fine. */
  readonly close: () => void;
};

/** The most that goes into a TCP frame. */
const TCP_BYTES = 65_535;
const FAILURE: Reply = { rcode: RCODE.serverFailure, answers: [], isAuthoritative: false };

class Dns {
  readonly #options: DnsOptions;
  readonly #book = new ZoneBook();
  readonly #forwarder: Forwarder;
  readonly #keeper: TapKeeper<DnsTap, TapDoor>;
  #told: string | null = null;

  constructor(options: DnsOptions) {
    this.#options = options;
    const { addresses, port } = options;
    this.#forwarder = new Forwarder(options.forwarders, () => this.#tell());
    this.#keeper = new TapKeeper({
      open: (tap) => new TapDoor(tap, { addresses, port, answer: (message, asking) => this.#answer(message, asking) }),
      onProblem: () => this.#tell(),
    });
  }

  serve(taps: readonly DnsTap[], names: HostState['names']): void {
    this.#book.want(names);
    this.#keeper.serve(taps);
  }

  problem(): string | null {
    return this.#keeper.problem ?? this.#forwarder.problem;
  }

  close(): void {
    this.#keeper.close();
  }

  #answer(message: Buffer, asking: Asking): Buffer | null | Promise<Buffer | null> {
    const query = readQuery(message);
    if (query === null) return null;
    if (isComplaint(query)) return writeComplaint(query);
    const reply = answerQuery(query, this.#book.zoneOfPort(asking.port), this.#forwarder.isThere);
    if (reply === 'forward')
      return asking.mayForward ? this.#forward(query, asking.protocol) : this.#write(query, FAILURE, asking.protocol);
    return this.#write(query, reply, asking.protocol);
  }

  async #forward(query: Query, protocol: Asking['protocol']): Promise<Buffer> {
    const answer = await this.#forwarder.ask(query, protocol);
    return answer === null ? this.#write(query, FAILURE, protocol) : handOn(query, answer, limitOf(query, protocol));
  }

  #write(query: Query, reply: Reply, protocol: Asking['protocol']): Buffer {
    return writeReply(query, reply, { limit: limitOf(query, protocol), canRecurse: this.#forwarder.isThere });
  }

  #tell(): void {
    const problem = this.problem();
    if (problem === this.#told) return;
    this.#told = problem;
    this.#options.onProblem(problem);
  }
}

const limitOf = (query: Query, protocol: Asking['protocol']): number => (protocol === 'udp' ? udpLimit(query) : TCP_BYTES);

const isComplaint = (query: Query | Complaint): query is Complaint => 'rcode' in query;

/** Opens the service, which answers nobody yet. */
export function openDns(options: DnsOptions): DnsService {
  const dns = new Dns(options);
  return { serve: (taps, names) => dns.serve(taps, names), problem: () => dns.problem(), close: () => dns.close() };
}
