/** One entry of the default policy. */
export type PolicyRule = {
  /** In oslo.policy's language. */
  readonly rule: string;
  /** What it allows, for the reference page. */
  readonly doc: string;
  /**
   * What tokens the action is for; `any` for the rules that others are put together from, `beside` for those that are asked beside an
   * action's own rule, which has said what tokens it is for.
   */
  readonly scope: 'project' | 'any' | 'beside';
};

/** Rules by name. */
export type PolicyRules = { readonly [name: string]: PolicyRule };
