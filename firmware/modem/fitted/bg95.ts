/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { bg95 } from "../family/bg95";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([bg95]);
