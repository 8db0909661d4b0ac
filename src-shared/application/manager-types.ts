// The types of resource managers whose hosts can be used.

/** By SSH; embedded on this computer; not there at all, only simulated. */
export const MANAGER_TYPES = ["ssh", "local", "simulated"] as const;
/** Where a type is missing or wrong. */
export const MANAGER_TYPES_REMEDY = 'Write type="ssh", type="local" or type="simulated".';
