/**
 * `mc/ffi`: the functions of ESP-IDF that manifest.json names under "ffi".
 */
import { GuestCommand, commandHeader, slotOperations } from "../protocol";
import { bytesOf, command, issue } from "./bridge";

export default class FFI {
  /** Never returns: what the firmware does after this, the host no longer hears. */
  esp_restart(): never {
    issue(command(GuestCommand.restart, 0, 0, 0));
    throw new Error("restart");
  }

  /** The simulated board has no memory of its own to run short of. */
  esp_get_minimum_free_heap_size(): number {
    return 102_400;
  }

  /** The function of firmware/board/random.c. */
  enos_random(): number {
    return Math.floor(Math.random() * 0x1_0000_0000);
  }

  /** What follows are the functions of firmware/board/deep-sleep.c. */
  enos_retained_read(offset: number, bytes: ArrayBuffer, length: number): void {
    bytesOf(bytes).set(new Uint8Array(issue(stretch(GuestCommand.retainedRead, offset, length))));
  }

  enos_retained_write(offset: number, bytes: ArrayBuffer, length: number): void {
    const message = command(GuestCommand.retainedWrite, 0, 0, 4 + length);
    new DataView(message.buffer).setUint32(commandHeader, offset, true);
    message.set(bytesOf(bytes).subarray(0, length), commandHeader + 4);
    issue(message);
  }

  enos_retained_crc32(offset: number, length: number): number {
    return new DataView(issue(stretch(GuestCommand.retainedCrc32, offset, length))).getUint32(0, true);
  }

  /** Levels stay in the simulation whatever the board does. */
  enos_pin_hold(): void {}
  enos_pin_release(): void {}

  /** Those of firmware/board/processor.c. The simulated chip has each clock, and changes it at will. */
  enos_processor_clock(_working: number, waiting: number): number {
    return waiting;
  }

  /** Returns at once: the board sleeps when the turn is over, which this ends. */
  enos_sleep_lightly(milliseconds: number, _port: number, _receive: number, ring: number): void {
    const message = command(GuestCommand.lightSleep, ring < 0 ? 0 : 1, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, milliseconds, true);
    issue(message);
  }

  /** Those of firmware/board/update.c: ESP-IDF's error, 0 for none. */
  enos_update_activate(): number {
    return slots("activate");
  }

  enos_update_back(): number {
    return slots("back");
  }

  enos_update_confirm(): number {
    return slots("confirm");
  }

  /** What otadata says of the running image, as `esp_ota_img_states_t` has it; -1 where it says nothing. */
  enos_update_state(): number {
    return slots("state");
  }

  enos_verify(publicKey: ArrayBuffer, digest: ArrayBuffer, signature: ArrayBuffer): number {
    const message = command(GuestCommand.verify, 0, 0, 160);
    message.set(bytesOf(publicKey).subarray(0, 64), commandHeader);
    message.set(bytesOf(digest).subarray(0, 32), commandHeader + 64);
    message.set(bytesOf(signature).subarray(0, 64), commandHeader + 96);
    return new Uint8Array(issue(message))[0];
  }

  /** Never returns, as `esp_restart`. */
  enos_sleep_deeply(milliseconds: number): never {
    const message = command(GuestCommand.deepSleep, 0, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, milliseconds, true);
    issue(message);
    throw new Error("deep sleep");
  }
}

function slots(operation: (typeof slotOperations)[number]): number {
  const message = command(GuestCommand.slots, slotOperations.indexOf(operation), 0, 0);
  return new DataView(issue(message)).getInt32(0, true);
}

/** A command about `length` bytes of retained memory from `offset` on. */
function stretch(kind: number, offset: number, length: number): Uint8Array {
  const message = command(kind, 0, 0, 8);
  const view = new DataView(message.buffer);
  view.setUint32(commandHeader, offset, true);
  view.setUint32(commandHeader + 4, length, true);
  return message;
}
