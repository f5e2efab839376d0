/**
 * The board's chance, handed to all that needs some: tokens, message ids, Request-Tags, and the spread of
 * pauses. Whoever can foretell a token can forge the server's answer.
 */
import { boardFunctions } from "./native";

/**
 * A number in [0, 1), of 32 random bits. XS's own Math.random draws from `esp_random`, which is no chance on a
 * board whose radio is never on: see random.c. To be called first before the application opens the ADC.
 */
export function random(): number {
  return boardFunctions().enos_random() / 0x1_0000_0000;
}
