/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { sim7000 } from "../family/sim7000";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([sim7000]);
