/**
 * What a simulated device and the world around it are set to. Every run takes these, whatever it is for, and
 * extends them by what it alone has: a setting that one run knows, every run knows.
 */
import type { Edition } from "../../cloud/registry/registry";
import type { Coverage } from "../radio/link";

/** How readings are put on the wire: a raw layout of the thing model, JSON, or one after the other. */
export const formats = ["raw", "compact", "json", "alternate"] as const;

/** One device, its modem, its network and its cloud. */
export interface DeviceOptions {
  readonly seed: number | string;
  readonly engine: "node" | "xs";
  /** Which edition of the protocol the cloud speaks. */
  readonly edition: Edition;
  /** Sessions are bound to the address that they were opened from (default false). */
  readonly addressBound?: boolean;
  readonly coverage: Coverage;
  /** Loss each way, 0 to 1; the coverage level's when left out. */
  readonly loss?: number;
  /** False: a network that does not care for release assistance (default true). */
  readonly releaseAssistance?: boolean;
  /** The modem's family (default "sim7020"). */
  readonly modem?: string;
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
  /** Readings that the device waits for until it sends them (default 1). */
  readonly batch?: number;
  /** What goes when the journal is full (default "oldest"). */
  readonly full?: "oldest" | "newest" | "thin";
  /** What goes first when much waits (default "oldest"). */
  readonly order?: "oldest" | "live";
  /** Seconds of silence after which the cloud ends the session (default 3600). */
  readonly lifetime?: number;
  /** The session is kept alive while no report is due (default false). */
  readonly keepAlive?: boolean;
  /** How long the modem stays reachable before PSM, seconds (default 10). */
  readonly t3324?: number;
  /** Longest eDRX cycle to ask for, seconds; 0 for none (default 0). */
  readonly edrx?: number;
  /** Further settings of the firmware, as its manifest has them: these win over those above. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * The firmware's part of the options, as its manifest has it; how its modem is wired and where the cloud is
 * are not in it. What was left out is undefined, and the firmware's own default.
 *
 * @param reports readings to take before falling silent, 0 for no end
 */
export function settingsOf(options: DeviceOptions, reports = 0): Record<string, unknown> {
  const { interval, format, batch, full, order, lifetime, keepAlive, sleep, t3324, edrx } = options;
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
    ...options.settings,
  };
}

/** How the cloud states commands to such a device: in bytes, unless all is JSON. */
export function commandsAs(format: DeviceOptions["format"]): "raw" | "json" {
  return format === "json" ? "json" : "raw";
}
