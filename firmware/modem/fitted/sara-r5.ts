/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { saraR5 } from "../family/sara";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([saraR5]);
