/**
 * The settings of a simulated device and of the world around it. Every kind of run takes all of these, and adds
 * those that it alone has.
 */
import type { Edition } from "../../cloud/registry/registry";
import type { Attack } from "../radio/hostile-acts";
import type { Carrier, Coverage } from "../radio/link";
import type { Quirks } from "../modem/quirks";

/** Products that come with the project: see products.ts. */
export const applications = ["demo", "room"] as const;
export type ApplicationName = (typeof applications)[number];

/** How readings are encoded: a raw layout of the thing model, JSON, or all of these in turn. */
export const formats = ["raw", "compact", "json", "alternate"] as const;

/** How a product seals its payloads: as `"sealed": true` of its model has it, or with proof besides. */
export type Seal = true | "proof";

/** What a product has that its own model.json has not: see product-variant.ts. */
export interface Variant {
  /** The product's model has a seal, and all of it the keys for it (default: payloads are plain). */
  readonly sealed?: Seal;
  /** A sealed product's readings bear their device's mark (default false). */
  readonly mark?: boolean;
  /** Its firmware is updated from afar (default false). */
  readonly update?: boolean;
  /** It tells of its health (default false). */
  readonly health?: boolean;
  /** Its settings can be changed from afar (default false). */
  readonly remoteSettings?: boolean;
}

/** How fast the board computes, and what it does while it waits. */
interface ProcessorOptions {
  /** Steps of XS in a second (default: 2 million at 240 MHz, less at a lower clock); Infinity for turns that take no time. */
  readonly rate?: number;
  /**
   * The setting of that name (default: the firmware's own). With "light-sleep" the modem's RI is wired;
   * `settings: { ring: "" }` takes it off.
   */
  readonly waiting?: "awake" | "slow" | "light-sleep";
}

/** One device, its modem, its network and its cloud. */
export interface DeviceOptions extends Omit<Variant, "mark"> {
  readonly seed: number | string;
  /** The device's key; the seed draws one when left out. */
  readonly deviceKey?: string;
  readonly engine: "node" | "xs";
  /** Which edition of the protocol the cloud speaks. */
  readonly edition: Edition;
  /** Sessions are bound to the address that they were opened from (default false). */
  readonly addressBound?: boolean;
  readonly coverage: Coverage;
  /** Share of datagrams lost each way, 0 to 1; the loss of the coverage level when left out. */
  readonly loss?: number;
  /** False for a network that ignores release assistance (default true). */
  readonly releaseAssistance?: boolean;
  /** Who attacks the way to the cloud, how and when; `World.path` takes more of them later. */
  readonly attacks?: readonly Attack[];
  /** The modem's family (default "sim7020"). */
  readonly modem?: string;
  /** Firmware generation of that modem, as its manual's table names it (default: the newest). */
  readonly modemFirmware?: string;
  /** How that modem misbehaves, besides what the seed draws. */
  readonly quirks?: Quirks;
  /** PIN of the modem's SIM card; none when left out. */
  readonly pin?: string;
  /** UART rate that a former owner has set in the modem, bit/s; the family's own when left out. */
  readonly modemBaud?: number;
  /** AT commands by which a former owner has set the modem up. */
  readonly formerOwner?: readonly string[];
  /** ms that the modem's searches take until one has found the cell (default: as any search). */
  readonly firstSearch?: number;
  /** Whose cell it is, and its band. */
  readonly carrier?: Partial<Carrier>;
  /** The network's time zone, quarter-hours east of UTC (default 0). */
  readonly zone?: number;
  /** The modem's control lines are wired, whichever it has, so that PSM can be left at will. */
  readonly powerKey: boolean;
  /** The board can switch the modem's supply (default false). */
  readonly supply?: boolean;
  /** Bytes of flash for the journal; 0 for a board without (default 131072, as in firmware/partitions.csv). */
  readonly journalSize?: number;
  /** What the board does between readings (default "none"). */
  readonly sleep?: "none" | "deep";
  /** Seconds between readings. */
  readonly interval: number;
  readonly format: (typeof formats)[number];
  /** How many readings the device sends together (default 1). */
  readonly batch?: number;
  /** Which readings are given up when the journal is full (default "oldest"). */
  readonly full?: "oldest" | "newest" | "thin";
  /** Which readings are sent first when many wait (default "oldest"). */
  readonly order?: "oldest" | "live";
  /** Seconds of silence after which the cloud ends the session; left out, the firmware chooses (contact-plan.ts). */
  readonly lifetime?: number;
  /** The session is kept alive while no reading is due (default false). */
  readonly keepAlive?: boolean;
  /** How long the modem stays reachable before PSM, seconds (default 2). */
  readonly t3324?: number;
  /** Longest eDRX cycle to ask for, seconds; 0 for none (default 0). */
  readonly edrx?: number;
  /** The board's processor. */
  readonly processor?: ProcessorOptions;
  /** Which product the board carries (default "demo"). */
  readonly application?: ApplicationName;
  /** Further settings of the firmware, as its manifest has them: these win over those above. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * The firmware's part of the options, as its manifest has it; how its modem is wired and where the cloud is
 * are not in it. What was left out is undefined, and the firmware's own default.
 *
 * @param reports readings to take, 0 for no end
 */
export function settingsOf(options: DeviceOptions, reports = 0): Record<string, unknown> {
  const { interval, format, batch, full, order, lifetime, keepAlive, sleep, t3324, edrx, processor } =
    options;
  return {
    interval,
    reports,
    payload: format,
    batch,
    full,
    order,
    lifetime,
    keepAlive,
    sleep,
    t3324,
    edrx,
    waiting: processor?.waiting,
    ...options.settings,
  };
}

/** How the cloud states commands to such a device: in bytes, unless all is JSON. */
export function commandsAs(format: DeviceOptions["format"]): "raw" | "json" {
  return format === "json" ? "json" : "raw";
}
