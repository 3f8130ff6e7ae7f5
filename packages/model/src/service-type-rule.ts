import { badRequest, problem } from './problem.js';
import { shown, type ValueRule } from './value-rule.js';

/**
 * What the device owners begin with that a subnet can be kept for: `network:`, `neutron:`, and any letter of `compute:`, for that is what
 * neutron-lib's `validate_subnet_service_types` lets pass, and clients have their own (`test:...`).
 */
const OWNERS = /^(?:network:|neutron:|[comptue:])/;
const OWNER_LENGTH = 255;

/** Device owners whose ports a subnet is for: a list of text, none twice; null is none, so that any port may. */
export const serviceTypes: ValueRule = {
  schema: { type: ['array', 'null'], items: { type: 'string', pattern: OWNERS.source }, uniqueItems: true },
  read: (value) => {
    if (value === null) return { value: [] };
    if (!Array.isArray(value)) return badRequest('Subnet service types must be a list.');
    for (const item of value as unknown[]) {
      if (typeof item !== 'string') return problem('InvalidInputSubnetServiceType', { service_type: shown(item) });
      if (!OWNERS.test(item) || item.length > OWNER_LENGTH) return problem('InvalidSubnetServiceType', { service_type: shown(item) });
    }
    return { value: [...new Set(value as string[])] };
  },
};
