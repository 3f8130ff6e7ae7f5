export { type Announcement, watchAnnouncements } from './announcements/watch-announcements.js';
export { askBird, type BgpSession, type BirdReply, isBirdError, parseBgpSessions } from './bird/bird-control.js';
export { type BirdPort, type BirdSpec, openBird } from './bird/open-bird.js';
export type { Conntrack, TrackedFlow } from './conntrack/conntrack.js';
export { openConntrack } from './conntrack/open-conntrack.js';
export { describeHost, type HostDescription } from './describe-host.js';
export { type DnsmasqSpec, openDnsmasq } from './dnsmasq/open-dnsmasq.js';
export { demandDone, Fault, type FaultCode } from './fault.js';
export { changeFolder, type FolderChange, readFolder } from './files/program-folder.js';
export { readSysctl, writeSysctl } from './files/sysctl.js';
export { FolderWatch } from './files/watch-folders.js';
export { type FileAccess, writeFileAtomic, writeFileDurable } from './files/write-file-atomic.js';
export { applySteps, type StepContext, type StepsOutcome } from './host/apply-steps.js';
export { HostObserver, type HostPart, MANX_TABLES } from './host/host-observer.js';
export type { HostPorts } from './host/host-ports.js';
export type { ProgramPort } from './host/program-port.js';
export { readCounters, readDrops } from './host/read-counters.js';
export { surveyHost } from './host/survey-host.js';
export { listenerQueries, type Querier } from './listeners/listener-query.js';
export { type LinkSender, openLinkSender } from './listeners/open-link-sender.js';
export type { ListenerRecord } from './listeners/parse-listener-report.js';
export { type ListenerReport, watchListeners } from './listeners/watch-listeners.js';
export { kernelTries, missingFeatures } from './missing-features.js';
export { inNetns } from './netlink/libc.js';
export type { DrainedWatch, NetlinkWatch } from './netlink/netlink-events.js';
export { openLibnftables } from './nftables/libnftables.js';
export { openNftProgram } from './nftables/nft-program.js';
export {
  isOutOfRoom,
  type Nftables,
  NftFault,
  type NftHold,
  type NftObject,
  type NftRefusal,
  type NftTableKey,
} from './nftables/nftables.js';
export { type OwnGenerations, trackOwnGenerations } from './nftables/own-generations.js';
export { type NftGeneration, type NftListener, watchNftables } from './nftables/watch-nftables.js';
export { findProgram, formatLacks, type Lack, probe } from './probe.js';
export { type HostLock, takeHostLock } from './process/host-lock.js';
export { findProcesses, identifyProcess, type ProcessIdentity } from './process/process-identity.js';
export { type ProgramCall, type ProgramResult, runProgram } from './process/run-program.js';
export { type ProgramCommand, type ProgramListener, type ProgramSpec, SupervisedProgram } from './process/supervised-program.js';
export type { RouteHop, RouteKey, RtChange } from './rtnetlink/change.js';
export { type HostAddress, type Link, MAIN_TABLE, type Neighbour, NUD_PERMANENT, type Route } from './rtnetlink/facts.js';
export { openRtnetlink } from './rtnetlink/open-rtnetlink.js';
export type { RouteFilter } from './rtnetlink/route-codec.js';
export type { RtEvent, Rtnetlink } from './rtnetlink/rtnetlink.js';
export { type RtListener, watchRtnetlink } from './rtnetlink/watch-rtnetlink.js';
export { type DroppedPacket, type PacketEvent, watchEvents, watchSamples } from './samples/watch-samples.js';
export { openTapSocket, type TapPlace } from './sockets/open-tap-socket.js';
export { TapKeeper } from './sockets/tap-keeper.js';
export type { TraceEvent } from './trace/decode-trace.js';
export { gatherPackets, visitedChains } from './trace/gather-packets.js';
export { injectAtTap, removeInjector } from './trace/inject-at-tap.js';
export { readChains } from './trace/read-chains.js';
export { traceFrame } from './trace/trace-frame.js';
export { watchTraces } from './trace/watch-traces.js';
export { MulticastTunnel, type TunnelEnd } from './tunnel/multicast-tunnel.js';
