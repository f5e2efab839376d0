/**
 * What runs before the firmware: ESP-IDF's second boot loader with rollback (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE),
 * without a factory image, and with CONFIG_BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP, as firmware/board/sdkconfig.defaults has
 * it. The rules are those of its bootloader_utility.c:
 *
 *     1. out of deep sleep    the image that ran before, without a look at anything
 *     2. each entry of otadata that is PENDING_VERIFY becomes ABORTED
 *     3. both entries are blank, INVALID or ABORTED: slot 0; else the slot of the entry that holds, and NEW becomes
 *        PENDING_VERIFY; where none holds, as their CRCs are wrong: the slots from 0 on
 *     4. an image that is damaged is passed over: for those before it, from its number down, then for those behind it
 *     5. where otadata had never been written, it is now, with the slot that starts as VALID
 *
 * An entry is changed by an erase and a write of the same sector: a power cut in between loses it, and the other holds.
 */
import { checkImage } from "./image-check";
import { OtaState, activeEntry, isInitial, isOut, readEntries, slotOf, writeEntry } from "./otadata";
import type { Flash } from "../../../firmware/journal/flash";
import type { PowerDomain } from "../flash/power-domain";
import type { OtaEntry } from "./otadata";

/** The flash that it looks at. */
export interface SlotFlash {
  /** Each slot's partition, `ota_0` first. */
  readonly slots: readonly Flash[];
  /** The partition `otadata`: two sectors. */
  readonly otadata: Flash;
  readonly power: PowerDomain;
}

/** How a start went; "no power": it failed meanwhile; "no image": no slot holds one that can start, ever. */
export type BootOutcome = { readonly slot: number } | "no power" | "no image";

/** The boot loader of one board. */
export class BootLoader {
  readonly #flash: SlotFlash;
  /** What its own piece of RTC memory says, which outlives deep sleep: the slot that was started last. */
  #retained: number | undefined;

  constructor(flash: SlotFlash) {
    this.#flash = flash;
  }

  /**
   * The chip has started, with power.
   *
   * @param how "power": after a loss of power, so that its memory is gone; "deep sleep": it wakes; "reset": any other start
   */
  start(how: "power" | "reset" | "deep sleep"): BootOutcome {
    if (how === "power") this.#retained = undefined;
    if (how === "deep sleep" && this.#retained !== undefined) return { slot: this.#retained };
    const { slots, otadata, power } = this.#flash;
    const entries = this.#abortPending(readEntries(otadata));
    const first = this.#firstSlot(entries);
    if (power.off) return "no power";
    const slot = order(first, slots.length).find((each) => checkImage(slots[each]) === undefined);
    if (slot === undefined) return "no image";
    if (entries.every((entry) => isOut(entry) && isInitial(entry))) {
      writeEntry(this.#flash, 0, { sequence: slot + 1, state: OtaState.valid });
    }
    if (power.off) return "no power";
    this.#retained = slot;
    return { slot };
  }

  /** Rule 2. @returns the entries as they are then */
  #abortPending(entries: readonly [OtaEntry, OtaEntry]): readonly [OtaEntry, OtaEntry] {
    if (entries.every(({ state }) => state !== OtaState.pendingVerify)) return entries;
    const aborted = entries.map((entry, index) => {
      if (entry.state !== OtaState.pendingVerify) return entry;
      const given = { ...entry, state: OtaState.aborted };
      writeEntry(this.#flash, index as 0 | 1, given);
      return given;
    });
    return aborted as unknown as readonly [OtaEntry, OtaEntry];
  }

  /** Rule 3: the slot to try first; -1 where all are tried in turn. */
  #firstSlot(entries: readonly [OtaEntry, OtaEntry]): number {
    if (entries.every(isOut)) return 0;
    const active = activeEntry(entries);
    if (active === undefined) return -1;
    const entry = entries[active];
    if (entry.state === OtaState.new) {
      writeEntry(this.#flash, active, { ...entry, state: OtaState.pendingVerify });
    }
    return slotOf(entry, this.#flash.slots.length);
  }
}

/** Rule 4: numbers of all slots, in the order in which they are tried. */
function order(first: number, count: number): readonly number[] {
  const down = Array.from({ length: first + 1 }, (_, index) => first - index);
  const up = Array.from({ length: count - 1 - first }, (_, index) => first + 1 + index);
  return [...down, ...up];
}
