/**
 * ESP-IDF's functions by which the firmware that runs says which slot starts next (esp_ota_ops.c), with their errors. They
 * write `otadata` as the boot loader does: by an erase and a write of one sector.
 */
import { checkImage } from "./image-check";
import { OtaState, activeEntry, isWhole, readEntries, slotOf, writeEntry } from "./otadata";
import type { SlotFlash } from "./boot-loader";

/** What they return, as esp_err.h and esp_ota_ops.h number it. */
export const OtaError = Object.freeze({
  ok: 0,
  fail: -1,
  validateFailed: 0x1503,
  rollbackFailed: 0x1505,
});

/** The slot behind the running one: the one for the next image (`esp_ota_get_next_update_partition`). */
export function nextSlot(running: number, { slots }: SlotFlash): number {
  return (running + 1) % slots.length;
}

/** `esp_ota_set_boot_partition`: that slot starts next, as a new image, if the image in it is whole. */
export function setBootSlot(slot: number, flash: SlotFlash): number {
  const { slots, otadata } = flash;
  if (checkImage(slots[slot]) !== undefined) return OtaError.validateFailed;
  const entries = readEntries(otadata);
  const active = activeEntry(entries);
  const state = OtaState.new;
  if (active === undefined) {
    writeEntry(flash, 0, { sequence: slot + 1, state });
    return OtaError.ok;
  }
  // The least sequence of that slot which is not below the active one's.
  let sequence = (slot + 1) % slots.length;
  while (sequence < entries[active].sequence) sequence += slots.length;
  writeEntry(flash, active === 0 ? 1 : 0, { sequence, state });
  return OtaError.ok;
}

/** `esp_ota_mark_app_valid_cancel_rollback`: the running image is confirmed. */
export function confirmRunning(flash: SlotFlash): number {
  const entries = readEntries(flash.otadata);
  const active = activeEntry(entries);
  if (active === undefined) return OtaError.fail;
  const { sequence, state } = entries[active];
  if (state !== OtaState.valid) writeEntry(flash, active, { sequence, state: OtaState.valid });
  return OtaError.ok;
}

/** `esp_ota_mark_app_invalid_rollback`: the running image is given up, and from the next start on the one before runs. */
export function giveUpRunning(flash: SlotFlash): number {
  const { slots, otadata } = flash;
  const entries = readEntries(otadata);
  const active = activeEntry(entries);
  if (active === undefined) return OtaError.fail;
  const before = activeEntry(entries.map((entry, index) => (index === active ? blank : entry)) as never);
  if (before === undefined || checkImage(slots[slotOf(entries[before], slots.length)]) !== undefined) {
    return OtaError.rollbackFailed;
  }
  writeEntry(flash, active, { sequence: entries[active].sequence, state: OtaState.invalid });
  return OtaError.ok;
}

/** An entry that was erased. */
const blank = { sequence: 0xffff_ffff, state: OtaState.undefined, crc: 0xffff_ffff };

/** `esp_ota_get_state_partition`: what the first entry for that slot says; undefined where none is for it. */
export function stateOfSlot(slot: number, { slots, otadata }: SlotFlash): number | undefined {
  const entry = readEntries(otadata).find((each) => isWhole(each) && slotOf(each, slots.length) === slot);
  return entry?.state;
}
