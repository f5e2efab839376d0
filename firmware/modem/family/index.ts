/**
 * All modem families that there are. A board has this module by modem/family/manifest.json, and one with a
 * single family by modem/fitted/manifest-<family>.json: there modem/fitted/<family>.ts stands in its place.
 */
import { bc66, bc660k } from "./bc66";
import { bc95, saraN2 } from "./bc95";
import { bg95 } from "./bg95";
import { saraR4, saraR5 } from "./sara";
import { sim7000 } from "./sim7000";
import { sim7020 } from "./sim7020";
import { sim7080 } from "./sim7080";
import type { Family } from "./family";

/** All families, in the order in which messages name them. */
export const families: readonly Family[] = Object.freeze([
  sim7020,
  sim7080,
  sim7000,
  bc66,
  bc660k,
  bc95,
  saraN2,
  bg95,
  saraR4,
  saraR5,
]);
