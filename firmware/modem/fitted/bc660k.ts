/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { bc660k } from "../family/bc66";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([bc660k]);
