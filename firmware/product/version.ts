/**
 * The version of this firmware, which the cloud is told at each start. Raise it with every release: EnOS goes by
 * it when it gives an update over the air. A test holds that package.json says the same.
 */
export const version = "0.2.0";
