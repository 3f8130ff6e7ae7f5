/** Names are tenants': none of them moves the cursor. */
export const printed = (text: string): string => text.replaceAll(/\p{C}/gu, '?');
