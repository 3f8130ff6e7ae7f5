import type { Actor, Attributes, Change, PortStatus, ResourceKind } from '@manx/model';

/** What a host says of a port of its own. */
export type ReportedStatus = { readonly id: string; readonly status: PortStatus };

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
  /** Makes the project's `default` security group when it has none: before its groups are listed or shown. */
  | { readonly op: 'ensure_default_group'; readonly project_id: string }
  /** Port statuses by their host's word: ports that are unknown or not bound to it, and what is so already, are skipped. Only for a privileged actor. */
  | { readonly op: 'report'; readonly host: string; readonly statuses: readonly ReportedStatus[] };

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
};

/** An accepted command: its changes, each resource named at most once (empty: nothing to commit), and the ids asked for, in request order. */
export type Admitted = { readonly changes: readonly Change[]; readonly ids: readonly string[] };
