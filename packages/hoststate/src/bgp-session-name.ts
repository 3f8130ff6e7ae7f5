/** What a host calls its session with a peer of the API, in BIRD and in what it reports. */
export function bgpSessionName(peerId: string): string {
  return `peer-api-${peerId}`;
}
