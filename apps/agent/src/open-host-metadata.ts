import { type MetadataService, type MetadataTap, openMetadata } from '@manx/metadata';
import { METADATA_IPV4, METADATA_IPV6 } from '@manx/render';
import type { AgentSettings } from './agent-settings.js';
import type { ProgrammedTap } from './programmed-taps.js';
import { readSecret } from './read-secret.js';

/** The secret that this host shares with Nova; null where there is no metadata. Throws Fault `missing`. */
export const readMetadataSecret = async ({ metadata }: Pick<AgentSettings, 'metadata'>): Promise<string | null> =>
  metadata === undefined
    ? null
    : await readSecret(metadata.shared_secret_file, {
        op: 'read metadata secret',
        hint: 'it is what nova.conf has as metadata_proxy_shared_secret in [neutron]',
      });

/** Metadata for this host's instances, as agent.yaml says; null where it says nothing. */
export const openHostMetadata = (
  { metadata }: Pick<AgentSettings, 'metadata'>,
  { secret, onProblem }: { readonly secret: string | null; readonly onProblem: (problem: string | null) => void },
): MetadataService | null => {
  if (metadata === undefined || secret === null) return null;
  return openMetadata({
    novaUrl: metadata.nova_url,
    secret,
    addresses: [METADATA_IPV4, METADATA_IPV6],
    port: metadata.port,
    allowance: { rate: metadata.requests_per_second, burst: metadata.burst },
    onProblem,
  });
};

/** The taps of these, and who is behind each. */
export const metadataTaps = (programmed: readonly ProgrammedTap[]): MetadataTap[] =>
  programmed.map(({ endpoint: { ifname, owner, addresses }, index }) => ({ ifname, index, owner, address: addresses[0]?.ip ?? null }));
