/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { saraN2 } from "../family/bc95";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([saraN2]);
