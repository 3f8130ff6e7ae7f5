import type { Paint } from '@manx/reach';
import { printed } from './printed.js';

/** A drop as `GET /v2.0/connectivity/drops` answers it (docs/reference/drops.md), as far as it is shown. */
export type DropRow = {
  readonly host: string | null;
  readonly port_id: string | null;
  readonly port_name: string | null;
  readonly at: string;
  readonly reason: string;
  readonly packets: number;
  readonly bytes: number;
  readonly packets_per_second: number;
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly meaning: string;
  readonly advice: string;
  readonly samples: readonly SampleRow[];
};

/** A packet of a drop, and what it tells beyond the reason. */
export type SampleRow = {
  readonly seen_at: string;
  readonly text: string;
  readonly mac: string | null;
  readonly peers: readonly string[];
  readonly check: string | null;
  readonly opening: string | null;
};

/** A port that was asked about, and what keeps it from the network altogether. */
export type AskedPort = { readonly id: string; readonly name: string; readonly status: string; readonly blockers: readonly string[] };

/** What keeps a drop apart from all others. */
export const dropKey = ({ host, port_id: port, at, reason }: DropRow): string => JSON.stringify([host, port, at, reason]);

/** What is dropped of one port, in lines for people. */
export const formatWhyDropped = (port: AskedPort, drops: readonly DropRow[], paint: Paint): readonly string[] => {
  const own = drops.filter(({ port_id: id }) => id === port.id);
  const title = `${paint('strong', printed(port.name || port.id))}${port.name === '' ? '' : ` (${port.id})`}, ${port.status}`;
  const blockers = port.blockers.map((text) => `  ${paint('bad', 'blocked')}: ${printed(text)}`);
  if (own.length === 0) return [title, ...blockers, '  Nothing of it was dropped that the hosts told of (the last day at most).'];
  const words = [...new Map(own.map(({ reason, meaning, advice }) => [reason, { meaning, advice }]))];
  const lines = formatTable(own, paint, { hasPort: false });
  const seen = (reason: string): readonly SampleRow[] => own.filter((drop) => drop.reason === reason).flatMap(({ samples }) => samples);
  return [
    title,
    ...blockers,
    ...lines.map((line) => `  ${line}`),
    '',
    ...words.flatMap(([reason, { meaning, advice }]) => [
      `  ${paint('strong', reason)}: ${meaning}.`,
      `      ${advice}`,
      ...formatSamples(seen(reason), paint).map((line) => `      ${line}`),
    ]),
  ];
};

/** Drops as a table with a heading, each with its latest packet beneath it; where they were and are dropped only as far as the asker may know. */
export const formatDrops = (drops: readonly DropRow[], paint: Paint): readonly string[] => {
  const [heading, ...rows] = formatTable(drops, paint, { hasPort: true });
  const all = rows.flatMap((row, at) => [row, ...formatSamples(drops[at]?.samples.slice(0, 1) ?? [], paint).map((line) => `    ${line}`)]);
  return heading === undefined ? all : [heading, ...all];
};

/** Packets, those together that tell the same, and what that is beneath them. */
const formatSamples = (samples: readonly SampleRow[], paint: Paint): readonly string[] => {
  const findings = new Map<string, SampleRow[]>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.check, sample.opening]);
    findings.set(key, [...(findings.get(key) ?? []), sample]);
  }
  return [...findings.values()].flatMap((same) => [
    ...same.map(({ seen_at: at, text, peers, mac }) => {
      const who = [...(peers.length === 0 ? [] : [`the other end is ${peers.join(', ')}`]), ...(mac === null ? [] : [`from ${mac}`])];
      return `${paint('faint', shortTime(at))}  ${printed(text)}${who.length === 0 ? '' : paint('faint', `  ${printed(who.join(', '))}`)}`;
    }),
    ...same
      .slice(0, 1)
      .flatMap(({ check, opening }) => [
        ...(check === null ? [] : [`    ${printed(check)}`]),
        ...(opening === null ? [] : [`    ${paint('faint', 'to open:')} ${printed(opening)}`]),
      ]),
  ]);
};

const formatTable = (drops: readonly DropRow[], paint: Paint, { hasPort }: { readonly hasPort: boolean }): readonly string[] => {
  const hasHost = drops.some(({ host }) => host !== null);
  const heading = [
    ...(hasHost ? ['host'] : []),
    ...(hasPort ? ['port'] : []),
    'at',
    'reason',
    'packets',
    'bytes',
    'per second',
    'since',
    'last seen',
  ];
  const rows = drops.map((drop) => [
    ...(hasHost ? [printed(drop.host ?? '-')] : []),
    ...(hasPort ? [printed(drop.port_name || drop.port_id || '-')] : []),
    printed(drop.at),
    drop.reason,
    String(drop.packets),
    String(drop.bytes),
    String(drop.packets_per_second),
    shortTime(drop.first_seen_at),
    shortTime(drop.last_seen_at),
  ]);
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint('faint', line(heading)), ...rows.map(line)];
};

/** `2026-11-28T18:40:02.123Z` to the second. */
const shortTime = (instant: string): string => instant.replace(/\.\d+Z$/, 'Z');
