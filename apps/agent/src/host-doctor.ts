import type { HostState, IfName } from '@manx/hoststate';
import { Fault } from '@manx/kernel';
import { diagnose, type HostSurvey } from '@manx/reconcile';
import type { Finding } from './problem-book.js';

const EVERY_MS = 30_000;
/** What strangers change of nftables they change in several transactions. */
const SOON_MS = 500;

/** Where a doctor looks, and whom it tells. */
export type HostDoctorOptions = {
  readonly survey: () => Promise<HostSurvey>;
  /** The state that the host works towards; null while none is known. */
  readonly state: () => HostState | null;
  /** Told when what is wrong has changed. */
  readonly onChange: () => void;
};

/** Looks now and then, and when it is told that something changed, at what instances depend on beside what is ours. */
export class HostDoctor {
  readonly #options: HostDoctorOptions;
  #timer: NodeJS.Timeout | null = null;
  #survey: HostSurvey | null = null;
  #findings: readonly Finding[] = [];
  /** Many changes in a row do not put the look off again and again. */
  #isSoon = false;
  #isClosed = false;

  constructor(options: HostDoctorOptions) {
    this.#options = options;
    this.soon();
  }

  /** What was wrong when it last looked. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Says that another look is worth it. */
  soon(): void {
    if (!this.#isSoon) this.#lookIn(SOON_MS);
    this.#isSoon = true;
  }

  /** Says that the state changed: what was seen of the host is judged again. */
  reconsider(): void {
    if (this.#survey !== null) this.#judge(diagnose(this.#survey, guestMtus(this.#options.state())));
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#isSoon = false;
    const findings = await this.#find();
    if (this.#isClosed) return;
    this.#judge(findings);
    if (this.#timer === null) this.#lookIn(EVERY_MS);
  }

  #judge(findings: readonly Finding[]): void {
    const isSame = JSON.stringify(findings) === JSON.stringify(this.#findings);
    this.#findings = findings;
    if (!isSame) this.#options.onChange();
  }

  async #find(): Promise<readonly Finding[]> {
    try {
      this.#survey = await this.#options.survey();
      return diagnose(this.#survey, guestMtus(this.#options.state()));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return [{ code: 'unread', subject: 'this host', detail: fault.message }];
    }
  }
}

/** What the guest on each tap is told: the lowest MTU of its subnets. */
const guestMtus = (state: HostState | null): ReadonlyMap<IfName, number> => {
  const mtus = new Map<IfName, number>();
  for (const { ifname, addresses } of state?.endpoints.values() ?? []) {
    const told = addresses.flatMap(({ subnet }) => state?.subnets.get(subnet)?.mtu ?? []);
    if (told.length > 0) mtus.set(ifname, Math.min(...told));
  }
  return mtus;
};
