import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { applySteps, Fault, HostObserver, MulticastTunnel, takeHostLock } from '@manx/kernel';
import { cleanupPlan, formatStep, type Step } from '@manx/reconcile';
import { openLog } from './agent-log.js';
import { readAgentSettings } from './agent-settings.js';
import { ClaimKeeper } from './claim-keeper.js';
import { removeListeners } from './listener-keeper.js';
import { MoveKeeper } from './move-keeper.js';
import { demandHost, openHost } from './open-host.js';
import { removeReleased } from './released-flows.js';
import { SavedSysctls } from './saved-sysctls.js';
import { StateCopy } from './state-copy.js';

/** What is left of programs in `run_dir` beside their folders. */
const RUN_FILES = ['dnsmasq.pid', 'dnsmasq.out', 'bird.pid', 'bird.out', 'bird.ctl', 'agent.sock'];

/**
 * Removes from this host everything that agents put there, and nothing else: tables, routes, neighbours, addresses, programs, files; host-wide
 * sysctls get back their former values. Doing it twice is fine. Throws Fault when an agent runs, or when something could not be removed.
 * Needs no server. Resolves to what was done, a line each; to none where nothing of ours was.
 */
export const cleanupAgent = async ({ config }: { readonly config: string }): Promise<readonly string[]> => {
  const settings = await readAgentSettings(config);
  await demandHost('clean-up');
  const lock = takeHostLock();
  const host = openHost(settings, openLog('error'));
  const saved = new SavedSysctls(settings.state_dir);
  try {
    const observer = new HostObserver(host.ports);
    const steps = cleanupPlan(await observer.observe(null), saved.values);
    const context = { ports: host.ports, indexOf: observer.indexOf.bind(observer), isAllowed: () => true, onHostSysctl: () => undefined };
    // Programs are looked for in any case; only what ran is worth a line.
    const isWorthALine = (step: Step): boolean => step.kind !== 'stop-program' || existsSync(join(settings.run_dir, `${step.program}.pid`));
    const lines = steps.filter(isWorthALine).map(formatStep);
    const { failures } = await applySteps(steps, context);
    const [first] = failures;
    if (first !== undefined)
      throw new Fault({ code: 'refused', op: formatStep(first.step), subject: 'during clean-up', detail: first.detail });
    const tunnel = new MulticastTunnel(null);
    if (tunnel.remove() > 0) lines.push('remove the device of multicast tunnels');
    tunnel.close();
    saved.remove();
    new StateCopy(settings.state_dir, openLog('error')).remove();
    const kept = { stateDir: settings.state_dir, log: openLog('error'), onChange: () => undefined, onProgress: () => undefined };
    new ClaimKeeper(kept).remove();
    new MoveKeeper(kept).remove();
    removeListeners(settings.state_dir);
    removeReleased(settings.state_dir);
    for (const name of RUN_FILES) rmSync(join(settings.run_dir, name), { force: true });
    for (const folder of ['dnsmasq', 'bird']) removeEmptyFolders(join(settings.run_dir, folder));
    removeEmptyFolders(settings.run_dir);
    removeEmptyFolders(settings.state_dir);
    return lines;
  } finally {
    await host.close();
    lock.release();
  }
};

/** Removes a folder with the empty folders in it; one that has a file of somebody's stays. */
const removeEmptyFolders = (folder: string): void => {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
};
