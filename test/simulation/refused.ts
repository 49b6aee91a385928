/** An error of the network, as Node has it. */
export const refused = (code: string): Error => Object.assign(new Error(code), { code });
