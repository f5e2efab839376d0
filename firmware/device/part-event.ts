/**
 * What the optional parts of the firmware have to tell (optional-parts.ts). Such an event brings its line of the log along,
 * worded in the part's own room, so that a product without the part has none of its words.
 */
import type { UpdateEvent } from "../update/update-event";

/** Of settings that are changed from afar; `version` counts the changes. */
export type RemoteSettingsEvent =
  /** The cloud has changed these settings: they hold from the restart on that follows. */
  | { readonly kind: "remote settings changed"; readonly version: number; readonly names: string }
  /** The cloud's change was refused, and nothing of it is kept. */
  | { readonly kind: "remote settings refused"; readonly reason: string }
  /** The device starts with these settings from afar; `trial`: whether they lead to the cloud is still to be seen. */
  | { readonly kind: "remote settings in force"; readonly version: number; readonly trial: "yes" | "no" }
  /** The cloud has taken a reading: the change stays. */
  | { readonly kind: "remote settings kept"; readonly version: number }
  /** The change of that version is undone. */
  | { readonly kind: "remote settings taken back"; readonly version: number; readonly reason: string }
  /** They could not be read from storage, or written to it. */
  | { readonly kind: "remote settings failed"; readonly reason: string };

/** Of the device's health. */
export type HealthEvent =
  /** A report was taken, of what was counted in `period` ms. */
  | { readonly kind: "health report"; readonly period: number }
  /** A limit was crossed: that of this setting. */
  | { readonly kind: "health alarm"; readonly what: string; readonly value: number; readonly limit: number }
  /** The log's lines cannot be kept in flash, said once a start. */
  | { readonly kind: "health log failed"; readonly reason: string }
  /** The counts cannot be kept in storage. */
  | { readonly kind: "health memory failed"; readonly reason: string };

/** Of all parts. Add your room's here, its words in the room, and its forms in host-sim/sim/world/device-log.ts. */
export type PartEvent = HealthEvent | RemoteSettingsEvent | UpdateEvent;

/** The event with its line, without a line end. */
export type WithLine<E extends PartEvent> = E & { readonly line?: string };
