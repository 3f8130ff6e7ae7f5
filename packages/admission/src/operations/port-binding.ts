import { type Attributes, type BindingView, bindingsOf, type Port, type PortBinding, type Problem, problem } from '@manx/model';
import { checkNear } from '../addressing/segment-reach.js';
import { bindingTo } from '../binding.js';
import { claimsKept } from '../claims.js';
import { endVisits } from '../report.js';
import type { ActionResult, ActionRules } from '../rules.js';
import type { Work } from '../work.js';

/** What a binding is asked to be, decoded. */
type Wish = { readonly host?: string; readonly profile?: PortBinding['profile'] };

/**
 * What is done to the bindings of a port, `host` naming the one (neutron `plugins/ml2/plugin.py`). A port has its own binding, which is
 * active, and any number of others, to live hosts, that wait to take its place: Nova makes one before a live migration.
 */
export const PORT_BINDING_ACTIONS: ActionRules = {
  create_port_binding: (work, port: Port, values) => act(work, port, () => create(work, port, values)),
  update_port_binding: (work, port: Port, values) => act(work, port, () => update(work, port, values)),
  delete_port_binding: (work, port: Port, values) => act(work, port, () => remove(work, port, values)),
  activate: (work, port: Port, values) => act(work, port, () => activate(work, port, values)),
};

/** Does it, for what moves; where the port is not expected any more, nothing is known of it any more. */
function act(work: Work, port: Port, rule: () => ActionResult | Problem): ActionResult | Problem {
  const done = checkOwner(port) ?? rule();
  endVisits(work, port.id);
  return done;
}

function create(work: Work, port: Port, { host = '', profile = {} }: Attributes & Wish): ActionResult | Problem {
  if (bindingsOf(work.state, port).some((binding) => binding.host === host))
    return problem('PortBindingAlreadyExists', { port_id: port.id, host });
  const { 'binding:vif_type': vif_type } = bindingTo(host, port, work);
  if (vif_type !== 'tap' || checkNear(work.state, host, port) !== null) return problem('PortBindingError', { port_id: port.id, host });
  const { project_id } = port;
  work.create('port_binding', {
    project_id,
    description: '',
    port_id: port.id,
    host,
    vif_type,
    vnic_type: 'normal',
    profile,
    status: 'INACTIVE',
  });
  return shown(work, port, host);
}

/** An active binding changes on the port; a host that is named moves the binding there. */
function update(work: Work, port: Port, { at, host = String(at), profile }: Attributes & Wish): ActionResult | Problem {
  const found = bindingAt(work, port, String(at));
  if ('kind' in found) return found;
  const isMoved = host !== found.host;
  if (isMoved && bindingsOf(work.state, port).some((binding) => binding.host === host)) {
    return problem('PortBindingAlreadyExists', { port_id: port.id, host });
  }
  const binding = bindingTo(host, port, work);
  const isFar = checkNear(work.state, host, port) !== null;
  if (isMoved && (isFar || binding['binding:vif_type'] !== 'tap')) return problem('PortBindingError', { port_id: port.id, host });
  if (found.status === 'ACTIVE') {
    work.update('port', port, { ...(profile === undefined ? {} : { 'binding:profile': profile }), ...(isMoved ? binding : {}) });
  } else {
    const moved = isMoved ? { host, vif_type: binding['binding:vif_type'] } : {};
    work.update('port_binding', rowOf(work, port, found.host), { ...moved, ...(profile === undefined ? {} : { profile }) });
  }
  return shown(work, port, host);
}

/** Deletes a binding; without its own, a port is bound nowhere. */
function remove(work: Work, port: Port, { at }: Attributes): ActionResult | Problem {
  const found = bindingAt(work, port, String(at));
  if ('kind' in found) return found;
  if (found.status === 'ACTIVE')
    work.update('port', port, { ...bindingTo('', port, work), ...claimsKept(port, [], ''), 'binding:profile': {} });
  else work.delete('port_binding', rowOf(work, port, found.host).id);
  return { answer: null };
}

/**
 * Makes a waiting binding the port's own, BUILD until its host says how it is, unless that has said before that it is programmed; the one
 * before waits in its place, unplugged.
 */
function activate(work: Work, port: Port, { at }: Attributes): ActionResult | Problem {
  const host = String(at);
  const found = bindingAt(work, port, host);
  if ('kind' in found) return found;
  if (found.status === 'ACTIVE') return problem('PortBindingAlreadyActive', { port_id: port.id, host });
  const binding = bindingTo(host, port, work);
  const isFar = checkNear(work.state, host, port) !== null;
  if (isFar || binding['binding:vif_type'] !== 'tap') return problem('PortBindingError', { port_id: port.id, host });
  const row = rowOf(work, port, host);
  work.delete('port_binding', row.id);
  if (port['binding:host_id'] !== '') {
    const before = { host: port['binding:host_id'], vif_type: 'unbound', vnic_type: 'normal', profile: port['binding:profile'] } as const;
    work.create('port_binding', { project_id: port.project_id, description: '', port_id: port.id, ...before, status: 'INACTIVE' });
  }
  const isReady = port.visits?.some((visit) => visit.host === host) === true;
  work.update('port', port, { ...binding, ...(isReady ? { status: 'ACTIVE' } : {}), 'binding:profile': row.profile });
  return shown(work, port, host);
}

/** Only what moves between hosts has more than one binding. */
function checkOwner({ id, device_owner: owner }: Port): Problem | null {
  if (owner.startsWith('compute:') || owner.startsWith('manila:')) return null;
  const msg = `Invalid port ${id}. Operation only valid on compute and shared filesystem ports`;
  return problem('BadRequest', { resource: 'port', msg });
}

function bindingAt(work: Work, port: Port, host: string): BindingView | Problem {
  const found = bindingsOf(work.state, port).find((binding) => binding.host === host);
  return found ?? problem('PortBindingNotFound', { port_id: port.id, host });
}

/** The stored row of a binding that was found not to be the port's own. */
function rowOf(work: Work, port: Port, host: string): PortBinding {
  const row = work.state.by('port_binding.port_id', port.id).find((binding) => binding.host === host);
  if (row === undefined) throw new Error(`port ${port.id} lost its binding to ${host}`);
  return row;
}

function shown(work: Work, { id }: Port, host: string): ActionResult {
  const port = work.state.get('port', id);
  const binding = port === undefined ? undefined : bindingsOf(work.state, port).find((candidate) => candidate.host === host);
  return { answer: { binding } };
}
