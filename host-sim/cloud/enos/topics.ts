/** The paths the cloud serves: /auth/PK/DK, and EnOS's topics below /topic/sys/PK/DK. */
import { Code } from "../coap/codes";

/** What a device says in JSON, or in bytes of which the parsing script makes that JSON. */
export type Uplink =
  | { kind: "points" }
  | { kind: "batch"; late: boolean }
  /** What a device measured while it was cut off; it does not pass for the newest value. */
  | { kind: "resume" }
  | { kind: "event"; event: string }
  | { kind: "attribute-update" | "attribute-query" | "attribute-delete" }
  | { kind: "tag-update" | "tag-query" | "tag-delete" }
  /** The device asks for its product's thing model. */
  | { kind: "model-get" }
  | { kind: "firmware-inform" | "firmware-progress" | "firmware-offer" };

/** What a path stands for. `path` is the topic below /topic/sys/PK/DK. */
export type Route =
  | { service: "auth"; method: typeof Code.post }
  | { service: "up_raw"; method: typeof Code.post }
  /** `thingMethod` is what the message has to call itself. */
  | { service: "uplink"; method: typeof Code.post; thingMethod: string; uplink: Uplink }
  /** A command is fetched. */
  | { service: "command"; method: typeof Code.get; path: string }
  /** A command is answered; `path` is the command's. */
  | { service: "reply"; method: typeof Code.post; path: string; raw: boolean };

/** A path taken apart: the device it names and what it asks for. */
export interface Target {
  productKey: string;
  deviceKey: string;
  route: Route;
}

const fixedPaths: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["thing/model/up_raw", { service: "up_raw", method: Code.post }],
  uplink("thing/measurepoint/post", { kind: "points" }),
  uplink("thing/measurepoint/post/batch", { kind: "batch", late: false }),
  uplink("thing/measurepoint/resume", { kind: "resume" }),
  uplink("thing/measurepoint/resume/batch", { kind: "batch", late: true }),
  uplink("thing/attribute/update", { kind: "attribute-update" }),
  uplink("thing/attribute/query", { kind: "attribute-query" }),
  uplink("thing/attribute/delete", { kind: "attribute-delete" }),
  uplink("thing/tag/update", { kind: "tag-update" }),
  uplink("thing/tag/query", { kind: "tag-query" }),
  uplink("thing/tag/delete", { kind: "tag-delete" }),
  uplink("thing/tsltemplate/get", { kind: "model-get" }),
  uplink("ota/device/inform", { kind: "firmware-inform" }),
  uplink("ota/device/progress", { kind: "firmware-progress" }),
  uplink("ota/device/getversion", { kind: "firmware-offer" }),
  uplink("ota/device/request", { kind: "firmware-offer" }),
  ["thing/model/down_raw", { service: "command", method: Code.get, path: "thing/model/down_raw" }],
  [
    "thing/model/down_raw_reply",
    { service: "reply", method: Code.post, path: "thing/model/down_raw", raw: true },
  ],
  ["ota/device/upgrade", { service: "command", method: Code.get, path: "ota/device/upgrade" }],
  [
    "ota/device/upgrade_reply",
    { service: "reply", method: Code.post, path: "ota/device/upgrade", raw: false },
  ],
]);

/** Those of reports by the method that a message of theirs states. */
const fixedMethods = new Map<string, Extract<Route, { service: "uplink" }>>();
for (const route of fixedPaths.values()) {
  if (route.service === "uplink") fixedMethods.set(route.thingMethod, route);
}

const eventPattern = /^thing\/event\/([A-Za-z0-9_.-]{1,64})\/post$/;
// An identifier may have dots, which are no slashes of a topic.
const eventMethodPattern = /^thing\.event\.([A-Za-z0-9_.-]{1,64})\.post$/;
const commandPattern = /^(thing\/service\/(?:measurepoint\/(?:set|get)|[A-Za-z0-9_.-]{1,64}?))(_reply)?$/;

/** Where a request goes; `undefined` means 4.04. `segments` are the values of its Uri-Path options. */
export function findTarget(segments: readonly string[]): Target | undefined {
  const [root, second, third, fourth] = segments;
  if (root === "auth") {
    if (segments.length !== 3) return undefined;
    return { productKey: second, deviceKey: third, route: { service: "auth", method: Code.post } };
  }
  // A segment may contain a slash of its own, which would read like two segments once joined.
  if (root !== "topic" || second !== "sys" || segments.some((segment) => segment.includes("/"))) {
    return undefined;
  }
  const route = findRoute(segments.slice(4).join("/"));
  return route === undefined ? undefined : { productKey: third, deviceKey: fourth, route };
}

/** The uplink that a message with this `method` is; `undefined` when there is none. */
export function findUplink(thingMethod: string): Extract<Route, { service: "uplink" }> | undefined {
  const fixed = fixedMethods.get(thingMethod);
  if (fixed !== undefined) return fixed;
  const event = eventMethodPattern.exec(thingMethod);
  return event === null
    ? undefined
    : uplink(`thing/event/${event[1]}/post`, { kind: "event", event: event[1] })[1];
}

/** The CoAP path of a device's topic, with its leading slash. */
export function topicPath(productKey: string, deviceKey: string, path: string): string {
  return `/topic/sys/${productKey}/${deviceKey}/${path}`;
}

function findRoute(path: string): Route | undefined {
  const fixed = fixedPaths.get(path);
  if (fixed !== undefined) return fixed;
  const event = eventPattern.exec(path);
  if (event !== null) return uplink(path, { kind: "event", event: event[1] })[1];
  const command = commandPattern.exec(path);
  if (command === null) return undefined;
  if (command[2] === undefined) return { service: "command", method: Code.get, path: command[1] };
  return { service: "reply", method: Code.post, path: command[1], raw: false };
}

function uplink(path: string, what: Uplink): [string, Extract<Route, { service: "uplink" }>] {
  return [
    path,
    { service: "uplink", method: Code.post, thingMethod: path.replaceAll("/", "."), uplink: what },
  ];
}
