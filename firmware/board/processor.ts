/**
 * The processor's clock and its light sleep: what JavaScript cannot reach of them is in processor.c.
 */
import { boardFunctions } from "./native";
import type { LightlySleepingBoard } from "../continuity/light-sleep";

/** MHz of the processor while all waits: the lowest at which the UARTs' own clock stays as it is. */
const slowest = 80;

/**
 * Sets the clock, from now on.
 *
 * @param working MHz while there is something to do
 * @param slow whether it goes down while all waits
 * @returns the name of the setting that the chip cannot do as asked, if there is one
 */
export function setProcessorClock(working: number, slow: boolean): "processor" | "waiting" | undefined {
  const waiting = slow ? Math.min(slowest, working) : working;
  const set = boardFunctions().enos_processor_clock(working, waiting);
  return set === 0 ? "processor" : set === waiting ? undefined : "waiting";
}

/**
 * This board.
 *
 * @param port number of the modem's UART
 * @param receive its GPIO
 * @param ring GPIO of the modem's RI; undefined where it is not wired
 */
export function lightlySleepingBoard(
  port: number,
  receive: number,
  ring: number | undefined,
): LightlySleepingBoard {
  return {
    sleepLightly: (duration) =>
      boardFunctions().enos_sleep_lightly(Math.floor(duration), port, receive, ring ?? -1),
  };
}
