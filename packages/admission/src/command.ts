import type { Actor, Attributes, Change, ClaimedAddress, PortStatus, Quota, QuotaUpdate, ResourceKind } from '@manx/model';
import type { Policy } from '@manx/policy';
import type { TagChange } from './access/tags.js';

/** What a host says of a port of its own, or of one that may move to it. */
export type ReportedStatus = {
  readonly id: string;
  readonly status: PortStatus;
  /** True: the host has heard the instance come to it by live migration. */
  readonly has_arrived?: boolean;
};

/**
 * What a host says that a port of its own has claimed, and when it saw that by the server's clock: ISO 8601, UTC, to the millisecond. Null:
 * it did not see it, but was told: what stands is kept, and nothing else is claimed by it.
 */
export type ReportedClaim = Pick<ClaimedAddress, 'ip_address'> & { readonly port: string; readonly claimed_at: string | null };

/** What is asked of the state. Attributes are as `decodeCreate` and `decodeUpdate` of the model return them. */
export type Command =
  /** Makes one or many resources of a kind: all or none; later ones see earlier ones. */
  | { readonly op: 'create'; readonly kind: ResourceKind; readonly items: readonly Attributes[] }
  /** `if_match`: the revision_number that the resource must still have (412 when it has not); null for any. */
  | {
      readonly op: 'update';
      readonly kind: ResourceKind;
      readonly id: string;
      readonly values: Attributes;
      readonly if_match: number | null;
    }
  | { readonly op: 'delete'; readonly kind: ResourceKind; readonly id: string; readonly if_match: number | null }
  /** Does an action of the model's `ACTIONS`; values are as its `decode` returns them. */
  | {
      readonly op: 'act';
      readonly action: string;
      readonly kind: ResourceKind;
      readonly id: string;
      readonly values: Attributes;
      readonly if_match: number | null;
    }
  /** Makes the project's `default` security group when it has none: before its groups are listed or shown. */
  | { readonly op: 'ensure_default_group'; readonly project_id: string }
  /** Writes Neutron's own templates of security group rules down when none were ever written: before they are listed or shown. */
  | { readonly op: 'ensure_default_rules' }
  /** Changes a resource's tags. */
  | { readonly op: 'tag'; readonly kind: ResourceKind; readonly id: string; readonly change: TagChange }
  /** Sets limits of a project, whether it had some or not. */
  | { readonly op: 'set_quota'; readonly project_id: string; readonly update: QuotaUpdate }
  /** Gives a project the default limits again. */
  | { readonly op: 'remove_quota'; readonly project_id: string }
  /** Makes a project's ready-made topology when it has none; with `dry_run` only says whether it could. */
  | { readonly op: 'allocate_topology'; readonly project_id: string; readonly dry_run: boolean }
  /** Ends a project's ready-made topology. */
  | { readonly op: 'remove_topology'; readonly project_id: string }
  /** Port statuses by their host's word: ports that are unknown, or neither bound to it nor expected there, and what is so already, are skipped. Only for the server itself. */
  | { readonly op: 'report'; readonly host: string; readonly statuses: readonly ReportedStatus[] }
  /** All addresses that these ports of a host have claimed, by their host's word; what is not so any longer is skipped. Only for the server itself. */
  | { readonly op: 'report_claims'; readonly host: string; readonly ports: readonly string[]; readonly claims: readonly ReportedClaim[] };

/** A command and on whose behalf it runs. */
export type Request = { readonly actor: Actor; readonly command: Command };

/** What the operator has set. */
export type Settings = {
  /** Whether CIDRs may overlap (S13); addresses may not in either case (S12). */
  readonly overlapping_subnets: 'refuse' | 'allow';
  /** The fabric's MTU in bytes: what networks get unless told, and the most they can have (S29). */
  readonly mtu: number;
  /** Six octets; generated MACs keep the first three. Neutron's is `fa:16:3e:00:00:00`. */
  readonly base_mac: string;
  /** What projects are limited to unless they have limits of their own; what is absent is as in Neutron. */
  readonly quotas?: Quota['limits'];
  /** The most allowed address pairs of a port; absent: 10, as in Neutron. */
  readonly max_allowed_address_pair?: number;
};

/** What the pure rules need from outside. */
export type Context = {
  /** ISO 8601 in UTC, to the second: `2026-01-31T23:59:59Z`. */
  readonly now: string;
  /** A new UUID each time, in canonical lower-case text. */
  readonly newId: () => string;
  /** A number in [0, 1) each time. */
  readonly random: () => number;
  /** Whether the host has an agent that is alive: only there can a port be bound. */
  readonly isHostAlive: (host: string) => boolean;
  readonly settings: Settings;
  /** Who may do what. */
  readonly policy: Policy;
};

/** An accepted command: its changes, each resource named at most once (empty: nothing to commit), and the ids asked for, in request order. */
export type Admitted = {
  readonly changes: readonly Change[];
  readonly ids: readonly string[];
  /** What answers an action, when it is not the resource's own view. */
  readonly answer: { readonly [key: string]: unknown } | null;
};
