/**
 * What happens to what outlives a boot, for the device's log: `device/log.ts` words it. Times are ms.
 */

/** An event of the state that outlives restarts, of the session keeper or of the radio's budget. */
export type ContinuityEvent =
  /** The state could not be stored or read, said once in a row. */
  | { readonly kind: "memory failed"; readonly reason: string }
  /** A command that may still be sent again made room for another; begun `age` ago, where that is known. */
  | { readonly kind: "command forgotten"; readonly age?: number }
  /** A start out of deep sleep found no record that it could go on from. */
  | { readonly kind: "agent woke without its memory" }
  | { readonly kind: "session keep alive" }
  /** The radio's budget of the day is spent: off for `wait`. */
  | { readonly kind: "radio off"; readonly spent: number; readonly wait: number }
  | { readonly kind: "radio budget of a new day" }
  /** Others have made the radio do too much, see others-budget.ts: guarded for `wait`. */
  | {
      readonly kind: "radio guarded";
      readonly strangers: number;
      readonly exchanges: number;
      readonly wait: number;
    };
