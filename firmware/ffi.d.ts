/**
 * Type of `mc/ffi`, for the tools on this side: mcconfig makes one of its own from manifest.json.
 */
declare module "mc/ffi" {
  /** The functions that manifest.json names under "ffi". */
  export default class FFI {
    /** Restarts the board; never returns. */
    esp_restart(): void;
    /** Bytes of memory, the least that were free since the start; where the product has the room `health`. */
    esp_get_minimum_free_heap_size(): number;
    /** 32 random bits: see board/random.c. */
    enos_random(): number;
    /** See board/deep-sleep.c. */
    enos_retained_read(offset: number, bytes: ArrayBuffer, length: number): void;
    enos_retained_write(offset: number, bytes: ArrayBuffer, length: number): void;
    enos_retained_crc32(offset: number, length: number): number;
    enos_pin_hold(pin: number): void;
    enos_pin_release(pin: number): void;
    /** See board/processor.c. Both in MHz; gives the second one as it was set, 0 for a first one that the chip has not. */
    enos_processor_clock(working: number, waiting: number): number;
    enos_sleep_lightly(milliseconds: number, port: number, receive: number, ring: number): void;
    /** See board/update.c. These three give ESP-IDF's error, 0 for none. */
    enos_update_activate(): number;
    enos_update_back(): number;
    enos_update_confirm(): number;
    /** What the boot loader knows of the running image, as `esp_ota_img_states_t` has it; -1 where it knows nothing. */
    enos_update_state(): number;
    /** ECDSA over P-256: x and y, SHA-256, r and s; 1 when the signature is the key's. */
    enos_verify(publicKey: ArrayBuffer, digest: ArrayBuffer, signature: ArrayBuffer): number;
    /** Ends the firmware; the board starts anew after so many ms. */
    enos_sleep_deeply(milliseconds: number): void;
  }
}
