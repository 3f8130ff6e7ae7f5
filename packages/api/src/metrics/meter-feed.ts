import type { Feed } from '@manx/feed';
import type { HostTotals, Metrics } from './metrics.js';

/** The feed, for its HTTP side, with the reports that come through it counted. */
export const meterFeed = (feed: Feed, metrics: Pick<Metrics, 'onReport'>): Feed => ({
  ...feed,
  report: (host, report) => {
    metrics.onReport(report.isFull ? 'full' : report.endpoints.length > 0 ? 'changes' : 'alive');
    return feed.report(host, report);
  },
});

/** How the feed's hosts are, together. Linear in them. */
export const hostTotals = (feed: Pick<Feed, 'hosts'>): HostTotals => {
  const hosts = feed.hosts();
  const alive = hosts.filter(({ isAlive }) => isAlive);
  return {
    sessions: hosts.filter(({ isConnected }) => isConnected).length,
    alive: alive.length,
    maxLag: alive.reduce((most, { lag }) => Math.max(most, lag), 0),
  };
};
