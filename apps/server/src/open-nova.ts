import {
  createJsonExchange,
  createNovaClient,
  type EventReport,
  type Keystone,
  type Ledger,
  type NovaNotifier,
  startNovaNotifier,
} from '@manx/api';
import type { Logger } from 'pino';
import type { ServerSettings } from './server-settings.js';

/** What the notifier is made from. */
export type OpenNovaOptions = {
  readonly settings: ServerSettings;
  readonly keystone: Keystone | null;
  readonly ledger: Ledger;
  readonly log: Logger;
};

/** Begins to tell Nova, where `nova` of the settings asks for it (or says nothing, with Keystone); null where it does not. The caller closes it. */
export const openNova = ({ settings, keystone, ledger, log }: OpenNovaOptions): NovaNotifier | null => {
  const { auth, nova = {} } = settings;
  if (keystone === null || auth.kind !== 'keystone' || nova.notify === false) return null;
  const exchange = createJsonExchange(keystone.ca === undefined ? {} : { ca: keystone.ca });
  const client = createNovaClient({
    keystone: keystone.client,
    exchange,
    endpoint: nova.endpoint ?? null,
    interface: nova.interface ?? auth.interface ?? 'public',
    region: nova.region_name ?? auth.region_name ?? null,
  });
  const notifier = startNovaNotifier({ ledger, client, onReport: reportTo(log) });
  return {
    ...notifier,
    close: async () => {
      await notifier.close();
      exchange.close();
    },
  };
};

const reportTo =
  (log: Logger): ((report: EventReport) => void) =>
  (report) => {
    switch (report.kind) {
      case 'sent':
        log.debug({ events: report.events }, 'Nova was told');
        return;
      case 'failing':
        log.warn(
          { reason: report.fault.message, code: report.fault.code, waiting: report.waiting, again_in_ms: report.delayMs },
          'Nova cannot be told; its events wait',
        );
        return;
      case 'refused':
        log.info({ event: report.event, code: report.code }, 'Nova has no use for an event');
        return;
      case 'batch-refused':
        log.error({ reason: report.fault.message, events: report.events }, 'Nova refuses events for good');
        return;
      case 'dropped':
        log.error({ events: report.events }, 'events for Nova were dropped: the oldest of too many');
        return;
      default:
        report satisfies never;
    }
  };
