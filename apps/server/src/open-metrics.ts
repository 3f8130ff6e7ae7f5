import { createServer } from 'node:http';
import { createMetricsServer, type Metrics } from '@manx/api';
import { listenOn, urlOf } from './listen-on.js';
import type { Listen } from './server-settings.js';

/** A listener that serves the metrics and nothing else (`listen.metrics`): its URL. Throws StartFault. */
export const openMetrics = async (
  metrics: Metrics,
  listen: Listen,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const server = createServer(createMetricsServer(metrics));
  const url = urlOf(await listenOn(server, 'metrics', listen));
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
