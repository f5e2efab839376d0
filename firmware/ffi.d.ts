/**
 * Type of `mc/ffi`, for the tools on this side: mcconfig makes one of its own from manifest.json.
 */
declare module "mc/ffi" {
  /** The functions that manifest.json names under "ffi". */
  export default class FFI {
    /** Restarts the board; never returns. */
    esp_restart(): void;
  }
}
