/** What a request is about, in a word, by its path alone. */
import { findTarget } from "./topics";
import { fileRoot } from "../ota/firmware-files";
import type { Route } from "./topics";

export type Purpose =
  | "authentication"
  | "report"
  | "late report"
  | "event"
  | "attributes"
  | "tags"
  | "firmware"
  | "command"
  | "command answer"
  | "ping"
  | "other";

/** @param segments values of the request's Uri-Path options */
export function purposeOfPath(segments: readonly string[]): Purpose {
  if (segments[0] === fileRoot && segments.length === 2) return "firmware";
  const target = findTarget(segments);
  return target === undefined ? "other" : purposeOfRoute(target.route);
}

/** What comes on a route. */
export function purposeOfRoute(route: Route): Purpose {
  switch (route.service) {
    case "auth":
      return "authentication";
    case "up_raw":
      return "report";
    case "command":
      return "command";
    case "reply":
      return "command answer";
    case "uplink":
      switch (route.uplink.kind) {
        case "points":
          return "report";
        case "batch":
          return route.uplink.late ? "late report" : "report";
        case "resume":
          return "late report";
        case "event":
          return "event";
        default:
          if (route.uplink.kind.startsWith("attribute")) return "attributes";
          return route.uplink.kind.startsWith("tag") ? "tags" : "firmware";
      }
  }
}
