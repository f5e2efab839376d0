/**
 * Writes what joins a product to a room of the firmware that it may have or not, or keeps it away: a file that main.ts asks
 * for the part, and the piece of the product's manifest that has the room in it. A product without a part has not a byte of it.
 */
import type { Model } from "./model";

/** A part by its name in model.json. */
type PartName = "update" | "health" | "remoteSettings";

interface Part {
  /** Its room of the firmware, and the module of that name in it; the product's two files bear it too. */
  readonly room: string;
  /** What the product's file exports, and the type of that. */
  readonly factory: string;
  readonly type: string;
  /** What the room's module exports for it: the maker, or what gives one of what the board has for it. */
  readonly made: string;
  /** Module of firmware/board with what the board has for it, and what that exports. */
  readonly board?: { readonly module: string; readonly made: string };
  readonly without: string;
  readonly withIt: string;
}

const parts: Readonly<Record<PartName, Part>> = {
  update: {
    room: "update",
    factory: "newUpdate",
    type: "NewUpdate",
    made: "firmwareUpdateOf",
    board: { module: "update/slots", made: "openUpdateBoard" },
    without: "Whether this product is updated from afar.",
    withIt: "This product is updated from afar.",
  },
  health: {
    room: "health",
    factory: "newHealth",
    type: "NewHealth",
    made: "healthOf",
    board: { module: "health/board-health", made: "boardHealth" },
    without: "Whether this product tells of its health.",
    withIt: "This product tells of its health.",
  },
  remoteSettings: {
    room: "remote-settings",
    factory: "newRemoteSettings",
    type: "NewRemoteSettings",
    made: "newSettingsFromAfar",
    without: "Whether this product's settings can be changed from afar.",
    withIt: "This product's settings can be changed from afar.",
  },
};

/** Names of what is written. */
export type OptionalPartFile =
  | "update.ts"
  | "manifest-update.json"
  | "health.ts"
  | "manifest-health.json"
  | "remote-settings.ts"
  | "manifest-remote-settings.json";

/**
 * The texts, by the names of their files.
 *
 * @param firmware how they import and include the firmware's folder, such as `..`
 */
export function optionalPartFiles(
  model: Pick<Model, PartName>,
  firmware: string,
): Readonly<Record<OptionalPartFile, string>> {
  const { update, health, remoteSettings } = parts;
  return {
    "update.ts": source(update, model.update === true, firmware),
    "manifest-update.json": manifest(update, model.update === true, firmware),
    "health.ts": source(health, model.health === true, firmware),
    "manifest-health.json": manifest(health, model.health === true, firmware),
    "remote-settings.ts": source(remoteSettings, model.remoteSettings === true, firmware),
    "manifest-remote-settings.json": manifest(remoteSettings, model.remoteSettings === true, firmware),
  };
}

function source(part: Part, on: boolean, firmware: string): string {
  const { room, factory, type, made, board, without, withIt } = part;
  const maker = board === undefined ? made : `${made}(${board.made})`;
  return [
    `/** ${on ? withIt : without} Written by npm run model from model.json; do not edit. */`,
    ...(on && board !== undefined
      ? [`import { ${board.made} } from "${firmware}/board/${board.module}";`]
      : []),
    ...(on ? [`import { ${made} } from "${firmware}/${room}/${room}";`] : []),
    `import type { ${type} } from "${firmware}/device/optional-parts";`,
    "",
    `export const ${factory}: ${type} | undefined = ${on ? maker : "undefined"};`,
    "",
  ].join("\n");
}

/** mcconfig takes no notice of the note. */
function manifest({ room }: Part, on: boolean, firmware: string): string {
  const content = {
    note: "Written by npm run model from model.json; do not edit.",
    ...(on ? { include: [`${firmware}/${room}/manifest.json`] } : {}),
    modules: { [`product/${room}`]: `./${room}` },
    preload: [`product/${room}`],
  };
  // Lists on one line, as the formatter has them.
  const text = JSON.stringify(content, undefined, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]");
  return `${text}\n`;
}
