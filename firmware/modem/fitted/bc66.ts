/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { bc66 } from "../family/bc66";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([bc66]);
