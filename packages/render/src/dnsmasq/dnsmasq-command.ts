import type { DnsmasqSettings } from './dnsmasq-settings.js';

/** The program and its arguments. It stays in the foreground, logs to standard error, writes no pid file, and starts as root. */
export function dnsmasqCommand(settings: DnsmasqSettings): readonly [string, ...string[]] {
  return ['dnsmasq', `--conf-file=${settings.directory}/dnsmasq.conf`];
}

/** Checks the syntax of a configuration file without starting anything: status 0 when it is right. */
export function dnsmasqCheckCommand(file: string): readonly [string, ...string[]] {
  return ['dnsmasq', '--test', `--conf-file=${file}`];
}

/** What dnsmasq writes, at the end of a line on standard error, when its sockets are open and its files are read; again after each SIGHUP. */
export function dnsmasqReadyLine(settings: DnsmasqSettings): string {
  return `read ${settings.directory}/options`;
}
