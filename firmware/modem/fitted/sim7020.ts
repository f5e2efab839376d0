/** The families of a firmware whose board has this one modem: stands in the place of family/index.ts. */
import { sim7020 } from "../family/sim7020";
import type { Family } from "../family/family";

export const families: readonly Family[] = Object.freeze([sim7020]);
