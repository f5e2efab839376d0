/**
 * The board's functions in C, by the SDK's FFI: those that firmware/manifest.json names.
 */
import FFI from "mc/ffi";

let ffi: FFI | undefined;

/**
 * The one object of them: each one made has a slot of RAM or more for every function. It is not called `native`, a word
 * that the compiler of the SDK keeps for itself.
 */
export function boardFunctions(): FFI {
  return (ffi ??= new FFI());
}
